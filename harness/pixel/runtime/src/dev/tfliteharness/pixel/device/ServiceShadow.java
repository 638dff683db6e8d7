package dev.tfliteharness.pixel.device;

import android.app.Service;
import dev.tfliteharness.pixel.app.Services;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.annotation.RealObject;
import org.robolectric.shadows.ShadowService;

/** Services that end when they say so. */
@Implements(className = "android.app.Service", isInAndroidSdk = false)
public class ServiceShadow extends ShadowService {
    @RealObject private Service service;

    @Implementation
    @Override
    protected void stopSelf() {
        Services.get().stopSelf(service, -1);
    }

    @Implementation
    @Override
    protected void stopSelf(int id) {
        Services.get().stopSelf(service, id);
    }

    @Implementation
    @Override
    protected boolean stopSelfResult(int id) {
        return Services.get().stopSelf(service, id);
    }
}
