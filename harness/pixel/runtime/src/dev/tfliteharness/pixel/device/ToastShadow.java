package dev.tfliteharness.pixel.device;

import android.content.Context;
import android.graphics.Rect;
import android.os.SystemClock;
import android.view.Gravity;
import android.view.View;
import android.widget.Toast;
import android.widget.ToastPresenter;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.annotation.RealObject;
import org.robolectric.shadow.api.Shadow;
import org.robolectric.shadows.ShadowToast;

/** Toasts for as long as Android's SystemUI shows them: 2 seconds, or 3.5 for long ones; the last one only. */
@Implements(className = "android.widget.Toast", isInAndroidSdk = false)
public class ToastShadow extends ShadowToast {
    private static final int SHORT_MILLISECONDS = 2000;
    private static final int LONG_MILLISECONDS = 3500;
    private static volatile ToastShadow last;

    @RealObject private Toast toast;
    private CharSequence words;
    private long until;

    @Implementation
    protected static Toast makeText(Context context, CharSequence text, int duration) {
        Toast made = ShadowToast.makeText(context, text, duration);
        Shadow.<ToastShadow>extract(made).words = text;
        return made;
    }

    @Implementation
    protected static Toast makeText(Context context, int text, int duration) {
        return makeText(context, context.getResources().getText(text), duration);
    }

    @Implementation
    @Override
    protected void setText(CharSequence text) {
        super.setText(text);
        words = text;
    }

    @Implementation
    @Override
    protected void setText(int text) {
        setText(RuntimeEnvironment.getApplication().getResources().getText(text));
    }

    @Implementation
    @Override
    protected void show() {
        super.show();
        boolean isLong = getDuration() == Toast.LENGTH_LONG;
        until = SystemClock.uptimeMillis() + (isLong ? LONG_MILLISECONDS : SHORT_MILLISECONDS);
        last = this;
    }

    @Implementation
    @Override
    protected void cancel() {
        super.cancel();
        until = 0;
    }

    /** The view of the toast that is on the screen now, or null. */
    public static View shown(Context context) {
        ToastShadow there = last;
        if (there == null || SystemClock.uptimeMillis() >= there.until) {
            return null;
        }
        return there.getView() != null ? there.getView() : ToastPresenter.getTextToastView(context, there.words);
    }

    /** Lays the toast's view out where it belongs on a screen of these pixels. */
    public static Rect place(View view, int width, int height) {
        ToastShadow there = last;
        view.measure(
                View.MeasureSpec.makeMeasureSpec(width, View.MeasureSpec.AT_MOST),
                View.MeasureSpec.makeMeasureSpec(height, View.MeasureSpec.AT_MOST));
        view.layout(0, 0, view.getMeasuredWidth(), view.getMeasuredHeight());
        boolean placed = there.getGravity() != 0;
        Rect at = new Rect();
        Gravity.apply(
                placed ? there.getGravity() : Gravity.CENTER_HORIZONTAL | Gravity.BOTTOM,
                view.getMeasuredWidth(),
                view.getMeasuredHeight(),
                new Rect(0, 0, width, height),
                placed ? there.getXOffset() : 0,
                placed ? there.getYOffset() : Math.round(24 * view.getResources().getDisplayMetrics().density),
                at);
        return at;
    }
}
