package dev.tfliteharness.pixel.device;

import android.app.ActionBar;
import android.app.Activity;
import android.app.FragmentManager;
import android.view.View;
import dev.tfliteharness.pixel.app.ActivityStack;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.annotation.RealObject;
import org.robolectric.shadows.ShadowActivity;

/** Activities that leave the app's stack when they finish, and go back as Android's do. */
@Implements(className = "android.app.Activity", isInAndroidSdk = false)
public class ActivityShadow extends ShadowActivity {
    @RealObject private Activity activity;

    @Implementation
    @Override
    protected void finish() {
        if (!activity.isFinishing()) {
            super.finish();
            ActivityStack.get().finished(activity);
        }
    }

    @Implementation
    @Override
    protected void finishAndRemoveTask() {
        finish();
    }

    @Implementation
    @Override
    protected void finishAffinity() {
        ActivityStack.get().finishedAffinity(activity);
    }

    /** As in Activity.java of Android 14: what the activity itself can close goes first. */
    @Implementation
    @Override
    protected void onBackPressed() {
        ActionBar bar = activity.getActionBar();
        if (bar != null && bar.collapseActionView()) {
            return;
        }
        FragmentManager fragments = activity.getFragmentManager();
        if (!fragments.isStateSaved() && fragments.popBackStackImmediate()) {
            return;
        }
        if (ActivityStack.get().isLauncherRoot(activity)) {
            ActivityStack.get().moveToBack();
        } else {
            activity.finish();
        }
    }

    @Implementation
    @Override
    protected void recreate() {
        ActivityStack.get().recreate(activity);
    }

    @Implementation
    @Override
    protected boolean isTaskRoot() {
        return ActivityStack.get().isRoot(activity);
    }

    @Implementation
    @Override
    protected boolean moveTaskToBack(boolean nonRoot) {
        if (!nonRoot && !ActivityStack.get().isRoot(activity)) {
            return false;
        }
        ActivityStack.get().moveToBack();
        return true;
    }

    @Implementation
    @Override
    protected View getCurrentFocus() {
        return activity.getWindow() == null ? null : activity.getWindow().getCurrentFocus();
    }
}
