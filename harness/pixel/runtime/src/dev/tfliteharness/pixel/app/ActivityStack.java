package dev.tfliteharness.pixel.app;

import android.app.Activity;
import android.app.ActivityManager;
import android.content.Intent;
import android.content.pm.ActivityInfo;
import android.content.pm.PackageManager;
import android.os.Bundle;
import dev.tfliteharness.pixel.app.ActivityRecord.Caller;
import dev.tfliteharness.pixel.device.VsyncShadow;
import java.util.ArrayList;
import java.util.List;
import org.robolectric.RuntimeEnvironment;

/**
 * The app's one task: its activities, the foremost last, moved as Android's ActivityStarter and ActivityThread do it.
 * Used on the main thread only.
 */
public final class ActivityStack {
    private static ActivityStack instance;

    private final Events events;
    private final List<ActivityRecord> records = new ArrayList<>();
    private boolean front = true;

    ActivityStack(Events events) {
        this.events = events;
        instance = this;
    }

    public static ActivityStack get() {
        return instance;
    }

    /** What became of an intent to start an activity. */
    enum Outcome {
        STARTED,
        DELIVERED_TO_TOP,
        TASK_TO_FRONT
    }

    /** From outside: an intent that names its activity. The task is brought to the front with it. */
    Outcome startFromOutside(Intent intent, ActivityInfo info) {
        boolean wasFront = front;
        ActivityRecord root = records.isEmpty() ? null : records.get(0);
        boolean sameRoot = root != null && root.info.name.equals(info.name) && root.intent.filterEquals(intent);
        int fresh = Intent.FLAG_ACTIVITY_CLEAR_TASK | Intent.FLAG_ACTIVITY_CLEAR_TOP | Intent.FLAG_ACTIVITY_SINGLE_TOP;
        boolean plain = (intent.getFlags() & fresh) == 0 && info.launchMode == ActivityInfo.LAUNCH_MULTIPLE;
        front = true;
        if (sameRoot && plain) {
            settle();
            return wasFront ? Outcome.DELIVERED_TO_TOP : Outcome.TASK_TO_FRONT;
        }
        return start(intent, info, Caller.NOBODY) == null ? Outcome.DELIVERED_TO_TOP : Outcome.STARTED;
    }

    /** From an activity of this app, or from its other parts, where {@code from} is null. */
    public void start(Activity from, String who, int request, Intent intent, ActivityInfo info) {
        ActivityRecord caller = request < 0 || from == null ? null : recordOf(from);
        start(intent, info, caller == null ? Caller.NOBODY : new Caller(caller, who, request));
    }

    /** The new activity, or null when one that is there got the intent. */
    private ActivityRecord start(Intent intent, ActivityInfo info, Caller caller) {
        ActivityRecord below = top();
        if (has(intent, Intent.FLAG_ACTIVITY_CLEAR_TASK) && has(intent, Intent.FLAG_ACTIVITY_NEW_TASK)) {
            removeFrom(0);
            below = null;
        }
        ActivityRecord there = find(info.name);
        boolean single = info.launchMode == ActivityInfo.LAUNCH_SINGLE_TASK
                || info.launchMode == ActivityInfo.LAUNCH_SINGLE_INSTANCE
                || info.launchMode == ActivityInfo.LAUNCH_SINGLE_INSTANCE_PER_TASK;
        boolean singleTop = info.launchMode == ActivityInfo.LAUNCH_SINGLE_TOP || has(intent, Intent.FLAG_ACTIVITY_SINGLE_TOP);
        if (there != null && (single || has(intent, Intent.FLAG_ACTIVITY_CLEAR_TOP))) {
            boolean kept = single || singleTop;
            removeFrom(records.indexOf(there) + (kept ? 1 : 0));
            below = top();
            if (kept) {
                return deliver(there, intent);
            }
        } else if (there != null && has(intent, Intent.FLAG_ACTIVITY_REORDER_TO_FRONT) || singleTop && there == below && there != null) {
            if (there != below) {
                below.pause();
                records.remove(there);
                records.add(there);
            }
            return deliver(there, intent);
        }
        ActivityRecord record = new ActivityRecord(info, intent, caller);
        if (below != null) {
            if (below.isResumed()) {
                below.userLeaving();
            }
            below.pause();
        }
        records.add(record);
        VsyncShadow.whileStarting(() -> begin(record));
        return record;
    }

    private void begin(ActivityRecord record) {
        record.create();
        if (record.isFinishing()) { // in onCreate: Android goes on to onDestroy at once
            remove(record, false);
            settle();
            return;
        }
        settle();
    }

    private ActivityRecord deliver(ActivityRecord there, Intent intent) {
        there.newIntent(intent);
        settle();
        return null;
    }

    /** An activity has called {@code finish}: it goes once the message that is being handled is through. */
    public void finished(Activity activity) {
        Main.post(this::settle);
    }

    /** Finishes {@code activity} and those directly below it; here all are of one affinity. */
    public void finishedAffinity(Activity activity) {
        int end = records.indexOf(recordOf(activity));
        for (int i = end; i >= 0; i--) {
            records.get(i).activity().finish();
        }
    }

    public void recreate(Activity activity) {
        Main.post(() -> {
            ActivityRecord record = recordOf(activity);
            if (record != null) {
                VsyncShadow.whileStarting(record::recreate);
            }
        });
    }

    public boolean isRoot(Activity activity) {
        return !records.isEmpty() && records.get(0).activity() == activity;
    }

    /** Whether Back leaves this activity as it is and only puts its task away, as with a launcher's (ActivityClientController). */
    public boolean isLauncherRoot(Activity activity) {
        if (!isRoot(activity) || records.size() > 1) {
            return false;
        }
        Intent intent = records.get(0).intent;
        return Intent.ACTION_MAIN.equals(intent.getAction()) && intent.hasCategory(Intent.CATEGORY_LAUNCHER);
    }

    /** Another task, or home, comes to the front. */
    public void leave() {
        if (!front) {
            return;
        }
        front = false;
        ActivityRecord top = top();
        if (top != null && top.isResumed()) {
            top.userLeaving();
        }
        settle();
    }

    /** The app itself puts its task away; the device shows what was behind. */
    public void moveToBack() {
        leave();
        events.send("back");
    }

    /** The task comes to the front again. */
    void comeBack() {
        front = true;
        settle();
    }

    boolean isEmpty() {
        return records.isEmpty();
    }

    /** The foremost activity, or null. */
    Activity topActivity() {
        return top() == null ? null : top().activity();
    }

    /** Whether the activity to which {@code window} belongs is on the screen. */
    boolean isFront() {
        return front;
    }

    /** The stack as text lines, the foremost first, as `dumpsys activity activities` lists a task. */
    List<String> described() {
        List<String> lines = new ArrayList<>();
        for (int i = records.size() - 1; i >= 0; i--) {
            lines.add(records.get(i).activity().getComponentName().flattenToShortString());
        }
        return lines;
    }

    /** Brings every activity into the state that its place asks for: Android's order is pause, resume, then stop and destroy. */
    private void settle() {
        for (int turn = 0; turn < 100; turn++) {
            ActivityRecord finishing = records.stream().filter(ActivityRecord::isFinishing).reduce((a, b) -> b).orElse(null);
            if (finishing == null) {
                break;
            }
            finishing.pause();
            ActivityRecord caller = finishing.caller.record();
            boolean waits = caller != null && records.contains(caller);
            if (waits) {
                caller.receiveResult(finishing);
            }
            records.remove(finishing);
            arrange();
            finishing.destroy(true);
        }
        arrange();
        if (records.isEmpty()) {
            events.send("empty");
        }
    }

    private void arrange() {
        ActivityRecord top = top();
        if (top == null) {
            return;
        }
        for (ActivityRecord record : records) {
            if (record != top || !front) {
                record.pause();
            }
        }
        if (front && !top.isFinishing()) {
            VsyncShadow.whileStarting(top::resume);
            if (top.isFinishing()) {
                return; // whoever calls looks for it again
            }
            events.send("resumed", "component", top.activity().getComponentName().flattenToShortString());
        }
        boolean covered = !front;
        for (int i = records.size() - 1; i >= 0; i--) {
            if (covered) {
                records.get(i).stop();
            } else if (records.get(i) != top) {
                continue;
            }
            covered = covered || !records.get(i).isTranslucent();
        }
    }

    private void removeFrom(int first) {
        while (records.size() > first) {
            ActivityRecord last = records.get(records.size() - 1);
            last.activity().finish();
            remove(last, true);
        }
    }

    private void remove(ActivityRecord record, boolean begun) {
        records.remove(record);
        ActivityRecord caller = record.caller.record();
        if (caller != null && records.contains(caller)) {
            caller.receiveResult(record);
        }
        record.destroy(begun);
    }

    private ActivityRecord top() {
        return records.isEmpty() ? null : records.get(records.size() - 1);
    }

    private ActivityRecord find(String name) {
        return records.stream().filter(record -> record.info.name.equals(name)).reduce((a, b) -> b).orElse(null);
    }

    private ActivityRecord recordOf(Activity activity) {
        return records.stream().filter(record -> record.activity() == activity).findFirst().orElse(null);
    }

    private static boolean has(Intent intent, int flag) {
        return (intent.getFlags() & flag) != 0;
    }
}
