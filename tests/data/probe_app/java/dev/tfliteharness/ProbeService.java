package dev.tfliteharness;

import android.app.Service;
import android.content.Intent;
import android.os.IBinder;
import android.os.SystemClock;
import android.util.Log;

/** A service that tells of its life in the log, and sticks or throws when it is told to. */
public final class ProbeService extends Service {
    @Override
    public int onStartCommand(Intent intent, int flags, int id) {
        Log.i("play", "ProbeService onStartCommand " + id + " " + intent.getStringExtra("word"));
        if ("throw".equals(intent.getStringExtra("do"))) {
            throw new IllegalStateException("told to, in a service");
        } else if ("stick".equals(intent.getStringExtra("do"))) {
            SystemClock.sleep(60_000);
        }
        return START_NOT_STICKY;
    }

    @Override
    public void onDestroy() {
        Log.i("play", "ProbeService onDestroy");
    }

    @Override
    public IBinder onBind(Intent intent) {
        return null;
    }
}
