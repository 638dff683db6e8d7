package dev.tfliteharness.pixel.app;

import android.app.Application;
import android.graphics.Bitmap;
import android.graphics.Canvas;
import android.graphics.Color;
import android.graphics.Rect;
import android.hardware.display.DisplayManager;
import android.util.DisplayMetrics;
import android.view.Display;
import android.view.View;
import android.view.WindowManager;
import dev.tfliteharness.pixel.device.ToastShadow;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** What the display shows: the app's windows one over the other, dimmed as they ask, and its toast. No bars are drawn. */
final class Screen {
    private final Application app;

    Screen(Application app) {
        this.app = app;
    }

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
        app.getSystemService(DisplayManager.class).getDisplay(Display.DEFAULT_DISPLAY).getRealMetrics(size);
        Bitmap image = Bitmap.createBitmap(size.widthPixels, size.heightPixels, Bitmap.Config.ARGB_8888);
        Canvas canvas = new Canvas(image);
        canvas.drawColor(Color.BLACK);
        for (View window : Windows.shown()) {
            WindowManager.LayoutParams attributes = Windows.attributes(window);
            if ((attributes.flags & WindowManager.LayoutParams.FLAG_DIM_BEHIND) != 0) {
                canvas.drawColor(Color.argb(attributes.dimAmount, 0f, 0f, 0f));
            }
            Rect at = Windows.bounds(window);
            draw(window, canvas, at.left, at.top, attributes.alpha);
        }
        View toast = ToastShadow.shown(app);
        if (toast != null) {
            Rect at = ToastShadow.place(toast, size.widthPixels, size.heightPixels);
            draw(toast, canvas, at.left, at.top, 1f);
        }
        return image;
    }

    private static void draw(View window, Canvas canvas, int left, int top, float alpha) {
        int before = alpha < 1
                ? canvas.saveLayerAlpha(left, top, left + window.getWidth(), top + window.getHeight(), Math.round(alpha * 255))
                : canvas.save();
        canvas.translate(left, top);
        window.draw(canvas);
        canvas.restoreToCount(before);
    }
}
