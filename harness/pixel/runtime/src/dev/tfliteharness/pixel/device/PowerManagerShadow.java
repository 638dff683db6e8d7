package dev.tfliteharness.pixel.device;

import android.os.PowerManager.OnThermalStatusChangedListener;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.shadows.ShadowPowerManager;

/** The thermal status as the device sets it; listeners are told on their own executors, at once when they are added. */
@Implements(className = "android.os.PowerManager", isInAndroidSdk = false)
public class PowerManagerShadow extends ShadowPowerManager {
    private static final Map<OnThermalStatusChangedListener, Executor> LISTENERS = new LinkedHashMap<>();
    private static int status;

    /** Sets what apps are told from now on. */
    public static void changeThermalStatus(int changed) {
        synchronized (LISTENERS) {
            if (status != changed) {
                status = changed;
                LISTENERS.forEach(PowerManagerShadow::tell);
            }
        }
    }

    private static void tell(OnThermalStatusChangedListener listener, Executor executor) {
        int now = status;
        executor.execute(() -> listener.onThermalStatusChanged(now));
    }

    @Implementation
    @Override
    protected int getCurrentThermalStatus() {
        synchronized (LISTENERS) {
            return status;
        }
    }

    @Implementation
    @Override
    protected void addThermalStatusListener(Object listener) {
        Executor main = RuntimeEnvironment.getApplication().getMainExecutor();
        addThermalStatusListener(main, (OnThermalStatusChangedListener) listener);
    }

    @Implementation
    protected void addThermalStatusListener(Executor executor, OnThermalStatusChangedListener listener) {
        synchronized (LISTENERS) {
            if (LISTENERS.putIfAbsent(listener, executor) != null) {
                throw new IllegalArgumentException("Listener already added: " + listener);
            }
            tell(listener, executor);
        }
    }

    @Implementation
    @Override
    protected void removeThermalStatusListener(Object listener) {
        synchronized (LISTENERS) {
            if (LISTENERS.remove(listener) == null) {
                throw new IllegalArgumentException("Listener was not added");
            }
        }
    }
}
