package dev.tfliteharness.pixel.device;

import android.content.BroadcastReceiver;
import android.content.ComponentName;
import android.content.Context;
import android.content.Intent;
import android.content.ServiceConnection;
import android.content.pm.PackageManager;
import android.os.Bundle;
import android.os.Environment;
import android.os.Handler;
import android.os.UserHandle;
import dev.tfliteharness.pixel.app.Broadcasts;
import dev.tfliteharness.pixel.app.Services;
import java.io.File;
import java.util.concurrent.Executor;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.annotation.RealObject;
import org.robolectric.shadows.ShadowContextImpl;

/** The app's folders on the card, at Android's places; services and broadcasts that take place. */
@Implements(className = "android.app.ContextImpl", isInAndroidSdk = false)
public class ContextShadow extends ShadowContextImpl {
    @RealObject private Context context;

    @Implementation
    @Override
    protected int checkPermission(String permission, int pid, int uid) {
        if (uid != android.os.Process.myUid()) {
            return super.checkPermission(permission, pid, uid);
        }
        boolean granted = GrantedPermissions.has(permission);
        return granted ? PackageManager.PERMISSION_GRANTED : PackageManager.PERMISSION_DENIED;
    }

    @Implementation
    @Override
    protected File getExternalFilesDir(String type) {
        return onCard("files", type);
    }

    @Implementation
    @Override
    protected File[] getExternalFilesDirs(String type) {
        return new File[] {onCard("files", type)};
    }

    @Implementation
    protected File getExternalCacheDir() {
        return onCard("cache", null);
    }

    @Implementation
    protected File[] getExternalCacheDirs() {
        return new File[] {onCard("cache", null)};
    }

    private File onCard(String kind, String type) {
        File app = new File(Environment.getExternalStorageDirectory(), "Android/data/" + context.getPackageName());
        File folder = new File(app, kind);
        if (type != null) {
            folder = new File(folder, type);
        }
        folder.mkdirs();
        return folder;
    }

    @Implementation
    @Override
    protected ComponentName startService(Intent service) {
        validateServiceIntent(service);
        return Services.get().start(service);
    }

    @Implementation
    @Override
    protected boolean stopService(Intent service) {
        validateServiceIntent(service);
        return Services.get().stop(service);
    }

    @Implementation
    @Override
    protected boolean bindService(Intent service, int flags, Executor executor, ServiceConnection connection) {
        validateServiceIntent(service);
        return Services.get().bind(service, connection, executor);
    }

    @Implementation
    @Override
    protected boolean bindService(Intent service, ServiceConnection connection, int flags) {
        return bindService(service, flags, null, connection);
    }

    @Implementation
    @Override
    protected void unbindService(ServiceConnection connection) {
        Services.get().unbind(connection);
    }

    @Implementation
    @Override
    protected void sendBroadcast(Intent intent) {
        Broadcasts.get().send(intent);
    }

    @Implementation
    @Override
    protected void sendBroadcast(Intent intent, String permission) {
        Broadcasts.get().send(intent);
    }

    @Implementation
    @Override
    protected void sendBroadcast(Intent intent, String permission, Bundle options) {
        Broadcasts.get().send(intent);
    }

    @Implementation
    @Override
    protected void sendBroadcastAsUser(Intent intent, UserHandle user) {
        Broadcasts.get().send(intent);
    }

    @Implementation
    @Override
    protected void sendBroadcastAsUser(Intent intent, UserHandle user, String permission) {
        Broadcasts.get().send(intent);
    }

    @Implementation
    @Override
    protected void sendOrderedBroadcast(Intent intent, String permission) {
        Broadcasts.get().sendOrdered(intent, Broadcasts.Result.NONE, null, null);
    }

    @Implementation
    @Override
    protected void sendOrderedBroadcast(
            Intent intent, String permission, BroadcastReceiver last, Handler scheduler, int code, String data, Bundle extras) {
        Broadcasts.get().sendOrdered(intent, new Broadcasts.Result(code, data, extras, 0), last, scheduler);
    }
}
