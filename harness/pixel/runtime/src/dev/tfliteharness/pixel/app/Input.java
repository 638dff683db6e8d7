package dev.tfliteharness.pixel.app;

import android.graphics.Rect;
import android.os.SystemClock;
import android.view.InputDevice;
import android.view.KeyCharacterMap;
import android.view.KeyEvent;
import android.view.MotionEvent;
import android.view.View;
import android.view.ViewConfiguration;
import org.json.JSONArray;
import org.json.JSONObject;

/** Touches and keys, at the pace and with the values of Android 14's `input` (InputShellCommand), through the window's own dispatch. */
final class Input {
    private final Runnable handled;
    private View touched;
    private long downTime;

    /** {@code handled} is run after each event that the app is through with. */
    Input(Runnable handled) {
        this.handled = handled;
    }

    /** Performs one gesture of {@code command}, and returns when the app has handled its last event. */
    void perform(JSONObject command) throws Exception {
        int source = command.optInt("source", InputDevice.SOURCE_TOUCHSCREEN);
        switch (command.getString("gesture")) {
            case "swipe" -> swipe(source, command.getJSONArray("path"), command.getLong("milliseconds"), command.optBoolean("drag"));
            case "motion" -> motion(source, command);
            case "keys" -> keys(command);
            case "text" -> text(command.getString("text"));
            default -> throw new IllegalArgumentException("no such gesture: " + command.getString("gesture"));
        }
    }

    private void motion(int source, JSONObject command) throws Exception {
        JSONArray actions = command.getJSONArray("actions");
        for (int i = 0; i < actions.length(); i++) {
            int action = actions.getInt(i);
            long now = SystemClock.uptimeMillis();
            if (action == MotionEvent.ACTION_DOWN) {
                downTime = now;
            }
            send(source, action, now, (float) command.getDouble("x"), (float) command.getDouble("y"));
        }
    }

    private void swipe(int source, JSONArray path, long milliseconds, boolean drag) throws Exception {
        float x1 = (float) path.getDouble(0);
        float y1 = (float) path.getDouble(1);
        float x2 = (float) path.getDouble(2);
        float y2 = (float) path.getDouble(3);
        downTime = SystemClock.uptimeMillis();
        send(source, MotionEvent.ACTION_DOWN, downTime, x1, y1);
        if (drag) {
            Thread.sleep(ViewConfiguration.getLongPressTimeout());
        }
        long begun = SystemClock.uptimeMillis();
        for (long now = begun; now < begun + milliseconds; now = SystemClock.uptimeMillis()) {
            float done = (now - begun) / (float) milliseconds;
            send(source, MotionEvent.ACTION_MOVE, now, x1 + (x2 - x1) * done, y1 + (y2 - y1) * done);
            Thread.sleep(5); // the pace of Android 14's own loop
        }
        send(source, MotionEvent.ACTION_UP, SystemClock.uptimeMillis(), x2, y2);
    }

    private void send(int source, int action, long when, float x, float y) throws Exception {
        long down = downTime;
        float pressure = action == MotionEvent.ACTION_UP || action == MotionEvent.ACTION_CANCEL ? 0 : 1;
        MotionEvent event = MotionEvent.obtain(down, when, action, x, y, pressure, 1, 0, 1, 1, 0, 0);
        event.setSource(source);
        Main.run(() -> {
            boolean pointer = (source & InputDevice.SOURCE_CLASS_POINTER) != 0;
            if (action == MotionEvent.ACTION_DOWN || touched == null || !pointer) {
                touched = pointer ? Windows.touched(x, y) : Windows.focused();
            }
            if (touched != null && touched.getViewRootImpl() != null) {
                Rect at = Windows.bounds(touched);
                if (pointer) {
                    event.offsetLocation(-at.left, -at.top);
                }
                Windows.dispatch(touched, event);
            }
            if (action == MotionEvent.ACTION_UP || action == MotionEvent.ACTION_CANCEL) {
                touched = null;
            }
        });
        handled.run();
    }

    private void keys(JSONObject command) throws Exception {
        JSONArray codes = command.getJSONArray("codes");
        for (int i = 0; i < codes.length(); i++) {
            int code = codes.getInt(i);
            int source = command.optInt("key_source", InputDevice.SOURCE_KEYBOARD);
            long now = SystemClock.uptimeMillis();
            send(key(now, now, KeyEvent.ACTION_DOWN, code, 0, 0, source));
            if (command.optBoolean("longpress")) {
                Thread.sleep(ViewConfiguration.getLongPressTimeout());
                long later = SystemClock.uptimeMillis();
                send(key(now, later, KeyEvent.ACTION_DOWN, code, 1, KeyEvent.FLAG_LONG_PRESS, source));
            }
            send(key(now, SystemClock.uptimeMillis(), KeyEvent.ACTION_UP, code, 0, 0, source));
        }
    }

    private static KeyEvent key(long down, long when, int action, int code, int repeat, int flags, int source) {
        return new KeyEvent(down, when, action, code, repeat, 0, KeyCharacterMap.VIRTUAL_KEYBOARD, 0, flags, source);
    }

    private void text(String text) throws Exception {
        KeyEvent[] events = KeyCharacterMap.load(KeyCharacterMap.VIRTUAL_KEYBOARD).getEvents(text.toCharArray());
        for (KeyEvent each : events) {
            KeyEvent event = each == null ? null : KeyEvent.changeTimeRepeat(each, SystemClock.uptimeMillis(), 0);
            if (event != null && event.getKeyCode() != KeyEvent.KEYCODE_UNKNOWN) {
                event.setSource(InputDevice.SOURCE_KEYBOARD);
                send(event);
            }
        }
    }

    private void send(KeyEvent event) throws Exception {
        Main.run(() -> {
            View window = Windows.focused();
            if (window != null) {
                Windows.focus(window);
            }
        });
        Main.run(() -> { // a message later: the focus has arrived
            View window = Windows.focused();
            if (window != null) {
                Windows.dispatch(window, event);
            }
        });
        handled.run();
    }
}
