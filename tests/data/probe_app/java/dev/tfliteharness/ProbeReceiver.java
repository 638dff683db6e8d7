package dev.tfliteharness;

import android.content.BroadcastReceiver;
import android.content.Context;
import android.content.Intent;
import android.os.SystemClock;

/** A receiver that answers with what it got, and sticks or throws when it is told to. */
public final class ProbeReceiver extends BroadcastReceiver {
    @Override
    public void onReceive(Context context, Intent intent) {
        if ("throw".equals(intent.getStringExtra("do"))) {
            throw new IllegalStateException("told to, in a receiver");
        } else if ("stick".equals(intent.getStringExtra("do"))) {
            SystemClock.sleep(60_000);
        }
        setResult(3, intent.getStringExtra("word"), null);
    }
}
