package dev.tfliteharness.pixel.device;

import android.app.Instrumentation;
import android.util.DisplayMetrics;
import javax.inject.Inject;
import javax.inject.Named;
import org.robolectric.android.Bootstrap;
import org.robolectric.android.internal.AndroidTestEnvironment;
import org.robolectric.internal.ShadowProvider;
import org.robolectric.pluginapi.Sdk;
import org.robolectric.pluginapi.TestEnvironmentLifecyclePlugin;


/** The framework's start, with a display of exact pixels: qualifiers know whole dp only, and 411 dp aren't 1440 pixels. */
public class DeviceEnvironment extends AndroidTestEnvironment {
    static { // windows as large as their contents ask for, placed by their gravity
        System.setProperty("robolectric.windowManager.useRequestedSize", "true");
    }

    @Inject
    public DeviceEnvironment(
            @Named("runtimeSdk") Sdk runtimeSdk,
            @Named("compileSdk") Sdk compileSdk,
            ShadowProvider[] shadowProviders,
            TestEnvironmentLifecyclePlugin[] plugins) {
        super(runtimeSdk, compileSdk, shadowProviders, plugins);
    }

    /** Called when the qualifiers have become the display's metrics, and before anything reads those. */
    @Override
    protected Instrumentation pickInstrumentation() {
        DisplayMetrics metrics =
                (DisplayMetrics) FieldOf.named(Bootstrap.class, "displayMetrics").get();
        metrics.widthPixels = Integer.getInteger("pixel.width");
        metrics.heightPixels = Integer.getInteger("pixel.height");
        metrics.noncompatWidthPixels = metrics.widthPixels;
        metrics.noncompatHeightPixels = metrics.heightPixels;
        return super.pickInstrumentation();
    }
}
