package androidx.test.internal.runner.intent;

import android.content.Intent;
import androidx.test.runner.intent.IntentMonitor;

/** Stands in for androidx.test's, which Robolectric names and this runtime has no use for. */
public class IntentMonitorImpl implements IntentMonitor {
    public void signalIntent(Intent intent) {}
}
