package dev.tfliteharness.pixel.app;

import android.app.ActivityThread;
import android.app.Application;
import android.app.Service;
import android.content.ComponentName;
import android.content.Intent;
import android.content.ServiceConnection;
import android.content.pm.PackageManager;
import android.content.pm.ResolveInfo;
import android.content.pm.ServiceInfo;
import android.os.Binder;
import android.os.Handler;
import android.os.IBinder;
import android.os.Looper;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.robolectric.RuntimeEnvironment;

/** The app's services, started and bound by Android's rules (ActiveServices); all run in this process. */
public final class Services {
    private static Services instance;

    private final Application app;
    private final Handler main = new Handler(Looper.getMainLooper());
    private final Map<String, Running> running = new LinkedHashMap<>();
    private final Map<ServiceConnection, Running> connections = new HashMap<>();

    private static final class Running {
        final ServiceInfo info;
        Service service;
        boolean started;
        int startId;
        final Map<Intent.FilterComparison, Binding> bindings = new LinkedHashMap<>();

        Running(ServiceInfo info) {
            this.info = info;
        }

        boolean isNeeded() {
            return started || bindings.values().stream().anyMatch(binding -> !binding.connections.isEmpty());
        }
    }

    private static final class Binding {
        final Intent intent;
        IBinder binder;
        boolean bound;
        boolean rebind;
        final List<ServiceConnection> connections = new ArrayList<>();

        Binding(Intent intent) {
            this.intent = intent;
        }
    }

    Services(Application app) {
        this.app = app;
        instance = this;
    }

    public static Services get() {
        return instance;
    }

    /** Starts a service of this or another package: its name, or null when nobody has it. */
    public ComponentName start(Intent intent) {
        ServiceInfo info = resolve(intent);
        if (info == null) {
            return Outside.startService(intent) ? intent.getComponent() : null;
        }
        Intent own = new Intent(intent).setClassName(info.packageName, info.name);
        main.post(() -> command(info, own));
        return own.getComponent();
    }

    /** As {@link #start}, on the main thread and through with it when it returns. */
    void command(ServiceInfo info, Intent intent) {
        Running record = create(info);
        record.started = true;
        int id = ++record.startId;
        guarded("start service " + record.service + " with " + intent, () -> record.service.onStartCommand(intent, 0, id));
    }

    public boolean stop(Intent intent) {
        ServiceInfo info = resolve(intent);
        if (info == null) {
            return Outside.stopService(intent);
        }
        Running record = running.get(info.name);
        if (record == null || !record.started) {
            return false;
        }
        main.post(() -> {
            record.started = false;
            endIfIdle(record);
        });
        return true;
    }

    /** {@code Service.stopSelf}; {@code id} is that of the last start, or -1 for any. Whether it ends. */
    public boolean stopSelf(Service service, int id) {
        Running record = running.get(service.getClass().getName());
        if (record == null || record.service != service || id >= 0 && id != record.startId) {
            return false;
        }
        main.post(() -> {
            record.started = false;
            endIfIdle(record);
        });
        return true;
    }

    public boolean bind(Intent intent, ServiceConnection connection, Executor executor) {
        ServiceInfo info = resolve(intent);
        if (info == null) {
            return false;
        }
        Executor callbacks = executor == null ? main::post : executor;
        main.post(() -> {
            Running record = create(info);
            Intent.FilterComparison key = new Intent.FilterComparison(intent);
            Binding binding = record.bindings.computeIfAbsent(key, each -> new Binding(new Intent(intent)));
            if (!binding.bound) {
                binding.bound = true;
                guarded("bind to service " + record.service + " with " + intent, () -> {
                    if (binding.rebind) {
                        record.service.onRebind(binding.intent);
                    } else {
                        binding.binder = record.service.onBind(binding.intent);
                    }
                });
            }
            binding.connections.add(connection);
            connections.put(connection, record);
            ComponentName name = new ComponentName(info.packageName, info.name);
            callbacks.execute(() -> {
                if (binding.binder == null) {
                    connection.onNullBinding(name);
                } else {
                    connection.onServiceConnected(name, binding.binder);
                }
            });
        });
        return true;
    }

    public void unbind(ServiceConnection connection) {
        main.post(() -> {
            Running record = connections.remove(connection);
            if (record == null) {
                return;
            }
            for (Binding binding : record.bindings.values()) {
                if (binding.connections.remove(connection) && binding.connections.isEmpty()) {
                    binding.bound = false;
                    guarded("unbind from service " + record.service, () ->
                            binding.rebind = record.service.onUnbind(binding.intent));
                }
            }
            endIfIdle(record);
        });
    }

    /** The service of this package that an intent means, or null. */
    ServiceInfo resolve(Intent intent) {
        PackageManager packages = app.getPackageManager();
        if (intent.getComponent() != null) {
            if (!intent.getComponent().getPackageName().equals(app.getPackageName())) {
                return null;
            }
            try {
                return packages.getServiceInfo(intent.getComponent(), 0);
            } catch (PackageManager.NameNotFoundException none) {
                return null;
            }
        }
        ResolveInfo found = packages.resolveService(intent, 0);
        return found == null ? null : found.serviceInfo;
    }

    /** Names of the services that run, short. */
    List<String> names() {
        List<String> names = new ArrayList<>();
        running.values().forEach(record ->
                names.add(new ComponentName(record.info.packageName, record.info.name).flattenToShortString()));
        return names;
    }

    private Running create(ServiceInfo info) {
        Running there = running.get(info.name);
        if (there != null) {
            return there;
        }
        Running record = new Running(info);
        try {
            record.service = app.getClassLoader()
                    .loadClass(info.name)
                    .asSubclass(Service.class)
                    .getDeclaredConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException | ClassCastException problem) {
            throw new RuntimeException("Unable to instantiate service " + info.name + ": " + problem, problem);
        }
        ActivityThread thread = (ActivityThread) RuntimeEnvironment.getActivityThread();
        record.service.attach(app.getBaseContext(), thread, info.name, new Binder(), app, null);
        running.put(info.name, record);
        guarded("create service " + info.name, record.service::onCreate);
        return record;
    }

    private void endIfIdle(Running record) {
        if (!record.isNeeded() && running.remove(record.info.name, record)) {
            guarded("stop service " + record.service, record.service::onDestroy);
        }
    }

    private static void guarded(String what, Runnable work) {
        try {
            work.run();
        } catch (RuntimeException thrown) {
            throw new RuntimeException("Unable to " + what + ": " + thrown, thrown);
        }
    }
}
