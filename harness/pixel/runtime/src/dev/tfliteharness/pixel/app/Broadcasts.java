package dev.tfliteharness.pixel.app;

import android.app.Application;
import android.content.BroadcastReceiver;
import android.content.ComponentName;
import android.content.Context;
import android.content.Intent;
import android.content.IntentFilter;
import android.content.pm.ActivityInfo;
import android.content.pm.PackageManager;
import android.content.pm.ResolveInfo;
import android.os.Bundle;
import android.os.Handler;
import android.os.Looper;
import android.util.Log;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.robolectric.shadow.api.Shadow;
import org.robolectric.shadows.ShadowApplication;
import org.robolectric.shadows.ShadowBroadcastPendingResult;
import org.robolectric.shadows.ShadowBroadcastReceiver;

/** Broadcasts in this app: to the receivers that it registered and to those that its manifest declares, one after the other. */
public final class Broadcasts {
    private static Broadcasts instance;

    private final Application app;
    private final Handler main = new Handler(Looper.getMainLooper());

    /** What a broadcast carries from receiver to receiver, and ends with. */
    public record Result(int code, String data, Bundle extras, int receivers) {
        public static final Result NONE = new Result(0, null, null, 0);
    }

    private record Target(BroadcastReceiver receiver, String declared, Context context, Handler handler, int priority) {}

    Broadcasts(Application app) {
        this.app = app;
        instance = this;
    }

    public static Broadcasts get() {
        return instance;
    }

    /** From within: this app's receivers get it here, other packages' by way of the device. */
    public void send(Intent intent) {
        Outside.broadcast(intent);
        deliver(intent, true, false, Result.NONE, result -> {});
    }

    /** From within, one after the other; the last to hear is {@code last}. */
    public void sendOrdered(Intent intent, Result initial, BroadcastReceiver last, Handler handler) {
        Outside.broadcast(intent);
        deliver(intent, true, true, initial, result -> {
            if (last != null) {
                Target target = new Target(last, null, app, handler == null ? main : handler, 0);
                new Delivery(intent, List.of(target), true, end -> {}).go(result);
            }
        });
    }

    /** Delivers to this app's receivers; those that aren't for others get it from {@code inside} only. */
    void deliver(Intent intent, boolean inside, boolean ordered, Result initial, Consumer<Result> whenDone) {
        List<Target> targets = new ArrayList<>(registered(intent, inside));
        targets.addAll(declared(intent, inside));
        targets.sort(Comparator.comparingInt(Target::priority).reversed());
        new Delivery(intent, targets, ordered, whenDone).go(initial);
    }

    private List<Target> registered(Intent intent, boolean inside) {
        List<Target> found = new ArrayList<>();
        if (intent.getComponent() != null) {
            return found;
        }
        ShadowApplication shadow = Shadow.extract(app);
        for (ShadowApplication.Wrapper each : shadow.getRegisteredReceivers()) {
            IntentFilter filter = each.getIntentFilter();
            boolean secret = !inside && (each.flags & Context.RECEIVER_NOT_EXPORTED) != 0;
            if (!secret && filter.match(app.getContentResolver(), intent, true, "Broadcasts") >= 0) {
                Handler handler = each.scheduler == null ? main : each.scheduler;
                found.add(new Target(each.broadcastReceiver, null, each.context, handler, filter.getPriority()));
            }
        }
        return found;
    }

    private List<Target> declared(Intent intent, boolean inside) {
        List<Target> found = new ArrayList<>();
        for (ResolveInfo each : query(intent)) {
            ActivityInfo info = each.activityInfo;
            if (!inside && !info.exported) {
                String name = new ComponentName(info.packageName, info.name).flattenToShortString();
                Log.w("BroadcastQueue", "Permission Denial: broadcasting " + intent
                        + " from null (pid=-1, uid=2000) is not exported from uid " + android.os.Process.myUid()
                        + " due to receiver " + name);
                continue;
            }
            found.add(new Target(null, info.name, app, main, each.priority));
        }
        return found;
    }

    private List<ResolveInfo> query(Intent intent) {
        PackageManager packages = app.getPackageManager();
        ComponentName component = intent.getComponent();
        if (component == null) {
            boolean elsewhere = intent.getPackage() != null && !intent.getPackage().equals(app.getPackageName());
            return elsewhere ? List.of() : packages.queryBroadcastReceivers(intent, 0);
        }
        try {
            ResolveInfo found = new ResolveInfo();
            found.activityInfo = packages.getReceiverInfo(component, 0);
            return found.activityInfo.packageName.equals(app.getPackageName()) ? List.of(found) : List.of();
        } catch (PackageManager.NameNotFoundException none) {
            return List.of();
        }
    }

    /** One broadcast on its way. */
    private final class Delivery {
        private final Intent intent;
        private final List<Target> targets;
        private final boolean ordered;
        private final Consumer<Result> whenDone;
        private final AtomicBoolean aborted = new AtomicBoolean();
        private int next;

        Delivery(Intent intent, List<Target> targets, boolean ordered, Consumer<Result> whenDone) {
            this.intent = intent;
            this.targets = targets;
            this.ordered = ordered;
            this.whenDone = whenDone;
        }

        void go(Result result) {
            if (next == targets.size() || aborted.get()) {
                whenDone.accept(new Result(result.code(), result.data(), result.extras(), targets.size()));
                return;
            }
            Target target = targets.get(next++);
            target.handler().post(() -> receive(target, result));
        }

        private void receive(Target target, Result before) {
            BroadcastReceiver receiver = target.receiver() == null ? create(target.declared()) : target.receiver();
            BroadcastReceiver.PendingResult pending = new BroadcastReceiver.PendingResult(
                    before.code(), before.data(), before.extras(), 0, ordered, false, null, 0, 0);
            ShadowBroadcastPendingResult shadow = Shadow.extract(pending);
            shadow.getFuture().addListener(() -> go(new Result(
                    pending.getResultCode(), pending.getResultData(), pending.getResultExtras(false), 0)), Runnable::run);
            receiver.setPendingResult(pending);
            Intent copy = new Intent(intent);
            copy.setExtrasClassLoader(app.getClassLoader());
            try {
                Shadow.<ShadowBroadcastReceiver>extract(receiver).onReceive(target.context(), copy, aborted);
            } catch (RuntimeException thrown) {
                String what = target.receiver() == null
                        ? "Unable to start receiver " + target.declared()
                        : "Error receiving broadcast " + intent + " in " + receiver;
                throw new RuntimeException(what + ": " + thrown, thrown);
            }
        }

        private BroadcastReceiver create(String name) {
            try {
                return app.getClassLoader()
                        .loadClass(name)
                        .asSubclass(BroadcastReceiver.class)
                        .getDeclaredConstructor()
                        .newInstance();
            } catch (ReflectiveOperationException | ClassCastException problem) {
                throw new RuntimeException("Unable to instantiate receiver " + name + ": " + problem, problem);
            }
        }
    }
}
