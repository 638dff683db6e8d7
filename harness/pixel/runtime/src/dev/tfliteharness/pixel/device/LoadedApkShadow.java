package dev.tfliteharness.pixel.device;

import android.app.LoadedApk;
import android.content.pm.ApplicationInfo;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.annotation.RealObject;
import org.robolectric.shadow.api.Shadow;
import org.robolectric.shadows.ShadowLoadedApk;
import org.robolectric.util.ReflectionHelpers.ClassParameter;

/** The app's folders where Android puts them; Robolectric would make up temporary ones. */
@Implements(className = "android.app.LoadedApk", isInAndroidSdk = false)
public class LoadedApkShadow extends ShadowLoadedApk {
    @RealObject private LoadedApk apk;

    @Implementation
    protected void setApplicationInfo(ApplicationInfo info) {
        if (info.packageName.equals(System.getProperty("pixel.package"))) {
            info.dataDir = "/data/user/0/" + info.packageName;
            info.credentialProtectedDataDir = info.dataDir;
            info.deviceProtectedDataDir = "/data/user_de/0/" + info.packageName;
            info.nativeLibraryDir = System.getProperty("java.library.path");
            info.uid = android.os.Process.myUid();
            addSplits(info);
        }
        Shadow.directlyOn(apk, LoadedApk.class, "setApplicationInfo", ClassParameter.from(ApplicationInfo.class, info));
    }

    private static void addSplits(ApplicationInfo info) {
        String splits = System.getProperty("pixel.splits", "");
        if (!splits.isEmpty()) {
            info.splitSourceDirs = splits.split(":");
            info.splitPublicSourceDirs = info.splitSourceDirs;
            info.splitNames = new String[info.splitSourceDirs.length];
            for (int i = 0; i < info.splitNames.length; i++) {
                String file = info.splitSourceDirs[i].substring(info.splitSourceDirs[i].lastIndexOf('/') + 1);
                info.splitNames[i] = file.substring("split_".length(), file.length() - ".apk".length());
            }
        }
    }
}
