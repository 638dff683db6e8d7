package dev.tfliteharness.pixel.app;

import android.app.Activity;
import android.app.Application;
import android.graphics.Bitmap;
import android.graphics.Canvas;
import android.graphics.Color;
import android.os.Bundle;
import android.util.DisplayMetrics;
import android.view.View;
import android.view.WindowManagerGlobal;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** What would be on the display: the windows of the activity in front, the topmost last. */
final class Screen implements Application.ActivityLifecycleCallbacks {
    private volatile Activity front;

    /** Draws the display at its full size into a PNG; black where no window is. */
    void capture(String path) throws Exception {
        Bitmap image = Main.call(this::draw);
        try (OutputStream out = new FileOutputStream(path)) {
            if (!image.compress(Bitmap.CompressFormat.PNG, 100, out)) {
                throw new IOException("can't write a PNG to " + path);
            }
        }
    }

    private Bitmap draw() {
        DisplayMetrics size = new DisplayMetrics();
        Activity activity = front;
        if (activity == null) {
            throw new IllegalStateException("no activity is on the screen");
        }
        activity.getWindowManager().getDefaultDisplay().getRealMetrics(size);
        Bitmap image = Bitmap.createBitmap(size.widthPixels, size.heightPixels, Bitmap.Config.ARGB_8888);
        Canvas canvas = new Canvas(image);
        canvas.drawColor(Color.BLACK);
        for (View window : WindowManagerGlobal.getInstance().getWindowViews()) {
            if (!window.isShown()) {
                continue;
            }
            int[] at = new int[2];
            window.getLocationOnScreen(at);
            int before = canvas.save();
            canvas.translate(at[0], at[1]);
            window.draw(canvas);
            canvas.restoreToCount(before);
        }
        return image;
    }

    @Override
    public void onActivityResumed(Activity activity) {
        front = activity;
    }

    @Override
    public void onActivityDestroyed(Activity activity) {
        if (front == activity) {
            front = null;
        }
    }

    @Override
    public void onActivityCreated(Activity activity, Bundle state) {}

    @Override
    public void onActivityStarted(Activity activity) {}

    @Override
    public void onActivityPaused(Activity activity) {}

    @Override
    public void onActivityStopped(Activity activity) {}

    @Override
    public void onActivitySaveInstanceState(Activity activity, Bundle state) {}
}
