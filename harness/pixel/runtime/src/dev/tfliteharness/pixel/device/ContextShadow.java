package dev.tfliteharness.pixel.device;

import android.content.Context;
import android.content.pm.PackageManager;
import android.os.Environment;
import java.io.File;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.annotation.RealObject;
import org.robolectric.shadows.ShadowContextImpl;

/** The app's folders on the card, at Android's places. */
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
}
