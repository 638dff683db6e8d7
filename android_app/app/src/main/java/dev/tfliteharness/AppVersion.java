package dev.tfliteharness;

import android.content.Context;
import android.content.pm.PackageManager;

/** The version that the installed APK says it has. */
final class AppVersion {
    private AppVersion() {}

    static String of(Context context) {
        try {
            return context.getPackageManager().getPackageInfo(context.getPackageName(), 0).versionName;
        } catch (PackageManager.NameNotFoundException e) {
            throw new AssertionError("a running app is installed", e);
        }
    }
}
