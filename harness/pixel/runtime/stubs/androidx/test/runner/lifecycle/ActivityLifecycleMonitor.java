package androidx.test.runner.lifecycle;

import android.app.Activity;
import java.util.Collection;

/** Stands in for androidx.test's, which Robolectric names and this runtime has no use for. */
public interface ActivityLifecycleMonitor {
    void addLifecycleCallback(ActivityLifecycleCallback callback);

    void removeLifecycleCallback(ActivityLifecycleCallback callback);

    Stage getLifecycleStageOf(Activity activity);

    Collection<Activity> getActivitiesInStage(Stage stage);
}
