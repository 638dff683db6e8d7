package dev.tfliteharness;

import android.content.res.AssetManager;
import android.os.Handler;
import android.os.Looper;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Runs trials one at a time off the main thread, and keeps the last one's state while the screen is made anew. */
final class Trials {
    /** Is told on the main thread whenever the state has changed. */
    interface Listener {
        void onTrialChanged();
    }

    private final AssetManager assets;
    private final ExecutorService executor = Executors.newSingleThreadExecutor();
    private final Handler main = new Handler(Looper.getMainLooper());
    private Listener listener;

    /** The last trial that was started, or null; with neither result nor error it is still running. */
    Trial trial;
    Trial.Result result;
    String error;

    Trials(AssetManager assets) {
        this.assets = assets;
    }

    void listen(Listener newListener) {
        listener = newListener;
    }

    boolean running() {
        return trial != null && result == null && error == null;
    }

    void start(Trial next) {
        trial = next;
        result = null;
        error = null;
        notifyListener();
        executor.execute(() -> run(next));
    }

    void fail(String text) {
        trial = null;
        result = null;
        error = text;
        notifyListener();
    }

    void shutDown() {
        executor.shutdown();
    }

    private void run(Trial next) {
        try {
            Trial.Result done = next.run(assets);
            main.post(() -> finish(next, done, null));
        } catch (IOException | RuntimeException | LinkageError | OutOfMemoryError e) {
            main.post(() -> finish(next, null, Failure.text(e)));
        }
    }

    private void finish(Trial which, Trial.Result newResult, String newError) {
        if (which == trial) {
            result = newResult;
            error = newError;
            notifyListener();
        }
    }

    private void notifyListener() {
        if (listener != null) {
            listener.onTrialChanged();
        }
    }
}
