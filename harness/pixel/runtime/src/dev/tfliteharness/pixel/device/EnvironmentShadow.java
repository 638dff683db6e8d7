package dev.tfliteharness.pixel.device;

import android.os.Environment;
import java.io.File;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;

/** Android's folders at Android's places, with one emulated card; only what would ask system services is answered here. */
@Implements(className = "android.os.Environment", isInAndroidSdk = false)
public class EnvironmentShadow {
    private static final File CARD = new File("/storage/emulated/0");

    @Implementation
    protected static String getExternalStorageState() {
        return Environment.MEDIA_MOUNTED;
    }

    @Implementation
    protected static String getExternalStorageState(File path) {
        return Environment.MEDIA_MOUNTED;
    }

    @Implementation
    protected static String getStorageState(File path) {
        return Environment.MEDIA_MOUNTED;
    }

    @Implementation
    protected static boolean isExternalStorageRemovable() {
        return false;
    }

    @Implementation
    protected static boolean isExternalStorageRemovable(File path) {
        return false;
    }

    @Implementation
    protected static boolean isExternalStorageEmulated() {
        return true;
    }

    @Implementation
    protected static boolean isExternalStorageEmulated(File path) {
        return true;
    }

    @Implementation
    protected static boolean isExternalStorageLegacy() {
        return false;
    }

    @Implementation
    protected static boolean isExternalStorageLegacy(File path) {
        return false;
    }

    /** The volumes of a user: one. */
    @Implements(className = "android.os.Environment$UserEnvironment", isInAndroidSdk = false)
    public static class UserEnvironmentShadow {
        @Implementation
        protected File[] getExternalDirs() {
            return new File[] {CARD};
        }
    }
}
