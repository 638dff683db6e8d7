package dev.tfliteharness.pixel.app;

import android.graphics.Rect;
import android.view.InputEvent;
import android.view.InputEventReceiver;
import android.view.View;
import android.view.ViewRootImpl;
import android.view.WindowManager;
import android.view.WindowManagerGlobal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.robolectric.util.ReflectionHelpers;
import org.robolectric.util.ReflectionHelpers.ClassParameter;

/** The app's windows that are on the screen, the lowest first. */
final class Windows {
    private Windows() {}

    static List<View> shown() {
        List<View> windows = new ArrayList<>();
        ActivityStack stack = ActivityStack.get();
        for (View window : WindowManagerGlobal.getInstance().getWindowViews()) {
            boolean overAll = attributes(window).type >= WindowManager.LayoutParams.FIRST_SYSTEM_WINDOW;
            if (window.isShown() && window.getViewRootImpl() != null && (overAll || stack.isFront())) {
                windows.add(window);
            }
        }
        windows.sort(Comparator.comparing(window -> attributes(window).type >= WindowManager.LayoutParams.FIRST_SYSTEM_WINDOW));
        return windows;
    }

    static WindowManager.LayoutParams attributes(View window) {
        return (WindowManager.LayoutParams) window.getLayoutParams();
    }

    /** The window that keys go to, or null. */
    static View focused() {
        List<View> windows = shown();
        for (int i = windows.size() - 1; i >= 0; i--) {
            if ((attributes(windows.get(i)).flags & WindowManager.LayoutParams.FLAG_NOT_FOCUSABLE) == 0) {
                return windows.get(i);
            }
        }
        return null;
    }

    /** The window that a finger at these pixels of the screen touches, or null (InputDispatcher's rules). */
    static View touched(float x, float y) {
        List<View> windows = shown();
        for (int i = windows.size() - 1; i >= 0; i--) {
            int flags = attributes(windows.get(i)).flags;
            if ((flags & WindowManager.LayoutParams.FLAG_NOT_TOUCHABLE) != 0) {
                continue;
            }
            int passing = WindowManager.LayoutParams.FLAG_NOT_FOCUSABLE | WindowManager.LayoutParams.FLAG_NOT_TOUCH_MODAL;
            if ((flags & passing) == 0 || bounds(windows.get(i)).contains((int) x, (int) y)) {
                return windows.get(i);
            }
        }
        return null;
    }

    static Rect bounds(View window) {
        int[] at = new int[2];
        window.getLocationOnScreen(at);
        return new Rect(at[0], at[1], at[0] + window.getWidth(), at[1] + window.getHeight());
    }

    /** Has a window's own ViewRootImpl handle an event, as if it had come from its input channel; returns when it has. */
    static void dispatch(View window, InputEvent event) {
        ReflectionHelpers.callInstanceMethod(
                ViewRootImpl.class,
                window.getViewRootImpl(),
                "enqueueInputEvent",
                ClassParameter.from(InputEvent.class, event),
                ClassParameter.from(InputEventReceiver.class, null),
                ClassParameter.from(int.class, 0),
                ClassParameter.from(boolean.class, true));
    }

    /** Gives the focus to the window that has it on Android: the topmost that can take it. */
    static void focus(View target) {
        for (View window : WindowManagerGlobal.getInstance().getWindowViews()) {
            if (window.getViewRootImpl() != null && window.hasWindowFocus() != (window == target)) {
                window.getViewRootImpl().windowFocusChanged(window == target);
            }
        }
    }
}
