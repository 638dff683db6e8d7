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
    private static final float DEGREES_OF_HEADROOM = 30f;
    private static int status;
    private static volatile float headroom;

    /** Sets what apps are told from now on. */
    public static void changeThermalStatus(int changed) {
        synchronized (LISTENERS) {
            if (status != changed) {
                status = changed;
                LISTENERS.forEach(PowerManagerShadow::tell);
            }
        }
    }

    /** Sets how hot the skin is, and from where on it is throttled severely, in degrees Celsius. */
    public static void changeSkin(float skin, float severe) {
        headroom = Math.max(0, 1 - (severe - skin) / DEGREES_OF_HEADROOM);
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

    /** As Android 14's ThermalManagerService reckons it: 1 where severe throttling begins, 0 at thirty degrees less. */
    @Implementation
    protected float getThermalHeadroom(int forecastSeconds) {
        return headroom;
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
