package dev.tfliteharness.pixel.app;

import android.app.Activity;
import android.app.Application;
import android.app.Instrumentation.ActivityResult;
import android.content.ComponentName;
import android.content.Intent;
import android.content.pm.ActivityInfo;
import android.content.pm.PackageManager;
import android.content.pm.ResolveInfo;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.shadow.api.Shadow;
import org.robolectric.shadows.ShadowActivity;

/** Where {@code startActivity} goes: to this app's stack, or by way of the device to another's. */
public final class Launches {
    private Launches() {}

    /** As {@code Instrumentation.execStartActivity}: throws when nobody has such an activity, and doesn't wait for it. */
    public static ActivityResult start(Activity from, String who, int request, Intent intent) {
        if (PackageManager.ACTION_REQUEST_PERMISSIONS.equals(intent.getAction())) {
            Main.post(() -> answerPermissions(from, who, request, intent));
            return null;
        }
        Intent own = new Intent(intent);
        ActivityInfo info = resolve(own);
        if (info == null) {
            Outside.startActivity(own);
            if (request >= 0 && from != null) {
                Main.post(() -> result(from, who, request, Activity.RESULT_CANCELED, null));
            }
            return null;
        }
        Main.post(() -> ActivityStack.get().start(from, who, request, own, info));
        return null;
    }

    /** As {@code Instrumentation.startActivitySync}: the activity, once it is displayed; null for one of another app. */
    public static Activity startSync(Intent intent) {
        Intent own = new Intent(intent);
        ActivityInfo info = resolve(own);
        if (info == null) {
            throw new RuntimeException("Unable to resolve activity for: " + intent);
        }
        try {
            Main.run(() -> ActivityStack.get().start(null, null, -1, own, info));
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
        }
        return ActivityStack.get().topActivity();
    }

    /** This package's activity that the intent means, which is then named in it; null when there is none. */
    static ActivityInfo resolve(Intent intent) {
        Application app = RuntimeEnvironment.getApplication();
        PackageManager packages = app.getPackageManager();
        if (intent.getComponent() != null) {
            if (!intent.getComponent().getPackageName().equals(app.getPackageName())) {
                return null;
            }
            try {
                return packages.getActivityInfo(intent.getComponent(), PackageManager.GET_META_DATA);
            } catch (PackageManager.NameNotFoundException none) {
                return null;
            }
        }
        if (intent.getPackage() != null && !intent.getPackage().equals(app.getPackageName())) {
            return null;
        }
        ResolveInfo found = packages.resolveActivity(intent, PackageManager.MATCH_DEFAULT_ONLY);
        if (found == null || found.activityInfo == null || !found.activityInfo.packageName.equals(app.getPackageName())) {
            return null;
        }
        intent.setComponent(new ComponentName(found.activityInfo.packageName, found.activityInfo.name));
        return found.activityInfo;
    }

    /** Nobody sits in front of the device: a permission is what it is, granted or not, and no dialog asks. */
    private static void answerPermissions(Activity from, String who, int request, Intent asked) {
        String[] names = asked.getStringArrayExtra(PackageManager.EXTRA_REQUEST_PERMISSIONS_NAMES);
        int[] results = new int[names.length];
        for (int i = 0; i < names.length; i++) {
            results[i] = from.checkSelfPermission(names[i]);
        }
        Intent answer = new Intent(asked.getAction())
                .putExtra(PackageManager.EXTRA_REQUEST_PERMISSIONS_NAMES, names)
                .putExtra(PackageManager.EXTRA_REQUEST_PERMISSIONS_RESULTS, results);
        result(from, who, request, Activity.RESULT_OK, answer);
    }

    private static void result(Activity to, String who, int request, int code, Intent data) {
        Shadow.<ShadowActivity>extract(to).internalCallDispatchActivityResult(who, request, code, data);
    }
}
