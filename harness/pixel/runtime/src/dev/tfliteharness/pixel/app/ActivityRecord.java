package dev.tfliteharness.pixel.app;

import android.app.Activity;
import android.content.Intent;
import android.content.pm.ActivityInfo;
import android.os.Bundle;
import android.os.IBinder;
import android.view.View;
import android.view.WindowManagerGlobal;
import java.util.function.Function;
import org.robolectric.Robolectric;
import org.robolectric.android.controller.ActivityController;
import org.robolectric.shadow.api.Shadow;
import org.robolectric.shadows.ShadowActivity;

/** One activity of the stack and the steps of its life, as ActivityThread takes them; each fails in Android's words. */
final class ActivityRecord {
    final ActivityInfo info;
    final Intent intent;
    final Caller caller;
    private ActivityController<? extends Activity> controller;
    private boolean resumed;
    private boolean stopped;
    private boolean shown;

    /** Who waits for the result: an activity, and what it calls the request; or nobody. */
    record Caller(ActivityRecord record, String who, int request) {
        static final Caller NOBODY = new Caller(null, null, -1);
    }

    ActivityRecord(ActivityInfo info, Intent intent, Caller caller) {
        this.info = info;
        this.intent = intent;
        this.caller = caller;
    }

    Activity activity() {
        return controller == null ? null : controller.get();
    }

    boolean isFinishing() {
        return controller != null && activity().isFinishing();
    }

    boolean isResumed() {
        return resumed;
    }

    /** Creates and starts it; it may have finished by then. */
    void create() {
        Class<? extends Activity> type = type();
        String name = "ComponentInfo{" + info.packageName + "/" + info.name + "}";
        controller = step("instantiate activity " + name, nothing -> Robolectric.buildActivity(type, intent, null));
        if (caller.record() != null) {
            Shadow.<ShadowActivity>extract(activity()).setCallingActivity(caller.record().activity().getComponentName());
        }
        step("start activity " + name, nothing -> {
            controller.create();
            if (!isFinishing()) {
                controller.start().postCreate(null);
            }
            return null;
        });
    }

    void resume() {
        if (resumed) {
            return;
        }
        step("resume activity {" + info.packageName + "/" + info.name + "}", nothing -> {
            if (stopped) {
                controller.restart();
                stopped = false;
            }
            controller.resume();
            return null;
        });
        resumed = true;
        if (isFinishing()) {
            return;
        }
        if (shown) {
            decor().setVisibility(View.VISIBLE);
        } else {
            controller.visible();
            shown = true;
        }
        if (activity().getWindow().getDecorView().getViewRootImpl() != null) {
            controller.windowFocusChanged(true);
        }
        controller.topActivityResumed(true);
    }

    void pause() {
        if (!resumed) {
            return;
        }
        resumed = false;
        step("pause activity {" + info.packageName + "/" + info.name + "}", nothing -> {
            controller.topActivityResumed(false);
            controller.pause();
            return null;
        });
        if (shown && decor().getViewRootImpl() != null) {
            decor().getViewRootImpl().windowFocusChanged(false);
        }
    }

    void stop() {
        if (stopped) {
            return;
        }
        stopped = true;
        step("stop activity {" + info.packageName + "/" + info.name + "}", nothing -> {
            controller.stop();
            if (!isFinishing()) {
                controller.saveInstanceState(new Bundle());
            }
            return null;
        });
        if (shown) {
            decor().setVisibility(View.INVISIBLE);
        }
    }

    /** Ends it, with its windows; it is paused and stopped first where it wasn't. */
    void destroy(boolean begun) {
        if (begun) {
            pause();
            stop();
        }
        Activity activity = activity();
        IBinder window = shown ? decor().getWindowToken() : null;
        step("destroy activity {" + info.packageName + "/" + info.name + "}", nothing -> controller.destroy());
        if (window != null) {
            WindowManagerGlobal.getInstance().closeAll(window, activity.getClass().getName(), "Activity");
        }
        WindowManagerGlobal.getInstance().closeAll(activity.getActivityToken(), activity.getClass().getName(), "Activity");
    }

    void newIntent(Intent fresh) {
        boolean wasResumed = resumed;
        if (wasResumed) {
            pause();
        }
        controller.newIntent(fresh);
        if (wasResumed) {
            resume();
        }
    }

    void userLeaving() {
        controller.userLeaving();
    }

    /** A new instance in its place, with what the old one saved. */
    void recreate() {
        boolean wasResumed = resumed;
        controller.recreate();
        stopped = !wasResumed;
        if (wasResumed) {
            controller.visible();
            controller.windowFocusChanged(true);
        }
    }

    /** Hands what {@code finished} ended with to this activity. */
    void receiveResult(ActivityRecord finished) {
        ShadowActivity from = Shadow.extract(finished.activity());
        ShadowActivity to = Shadow.extract(activity());
        to.internalCallDispatchActivityResult(
                finished.caller.who(), finished.caller.request(), from.getResultCode(), from.getResultIntent());
    }

    /** Whether what lies below it is seen: a dialog, or a translucent theme. */
    boolean isTranslucent() {
        return ActivityInfo.isTranslucentOrFloating(activity().getWindow().getWindowStyle());
    }

    private View decor() {
        return activity().getWindow().getDecorView();
    }

    private Class<? extends Activity> type() {
        String name = info.targetActivity != null ? info.targetActivity : info.name;
        try {
            return Class.forName(name).asSubclass(Activity.class);
        } catch (ClassNotFoundException | ClassCastException problem) {
            throw new RuntimeException(
                    "Unable to instantiate activity ComponentInfo{" + info.packageName + "/" + name + "}: " + problem, problem);
        }
    }

    private static <T> T step(String what, Function<Void, T> work) {
        try {
            return work.apply(null);
        } catch (RuntimeException thrown) {
            Throwable inner = Main.whatTheAppThrew(thrown);
            throw new RuntimeException("Unable to " + what + ": " + inner, inner);
        }
    }
}
