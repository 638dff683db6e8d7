package androidx.test.runner.lifecycle;

import android.app.Activity;

/** Stands in for androidx.test's, which Robolectric names and this runtime has no use for. */
public interface ActivityLifecycleCallback {
    void onActivityLifecycleChanged(Activity activity, Stage stage);
}
