package dev.tfliteharness.pixel.app;

import android.app.Application;
import android.content.ComponentName;
import android.content.Intent;
import android.content.pm.PackageManager;
import android.os.Bundle;
import android.os.SystemClock;
import dev.tfliteharness.pixel.device.VsyncShadow;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.Iterator;
import org.json.JSONException;
import org.json.JSONObject;
import org.robolectric.shadows.ShadowInstrumentation;

/** The device's commands, one JSON object a line, in the order they come. */
final class Control {
    private final Events events;
    private final Application app;
    private final Screen screen;

    Control(Events events, Application app, Screen screen) {
        this.events = events;
        this.app = app;
        this.screen = screen;
    }

    /** Serves until {@code stop} or the end of the input; a command that fails is answered and the next one read. */
    void serve(BufferedReader commands) throws IOException, JSONException {
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            JSONObject command = new JSONObject(line);
            long id = command.optLong("id");
            if (command.getString("do").equals("stop")) {
                events.send("done", "id", id);
                return;
            }
            try {
                perform(command, id);
            } catch (IllegalArgumentException refused) {
                events.send("error", "id", id, "message", refused.getMessage());
            } catch (Exception | LinkageError problem) {
                events.send("error", "id", id, "message", Crash.stackOf(problem));
            }
        }
    }

    private void perform(JSONObject command, long id) throws Exception {
        String what = command.getString("do");
        switch (what) {
            case "instrument" -> {
                Bundle arguments = bundle(command.optJSONObject("args"));
                InstrumentationRun.begin(events, id, component(command), arguments, app);
            }
            case "start" -> start(command, id);
            case "screencap" -> {
                screen.capture(command.getString("path"));
                events.send("done", "id", id);
            }
            case "hardware" -> {
                JSONObject facts = command.getJSONObject("facts");
                Main.call(() -> {
                    Hardware.change(app, facts::optLong);
                    return null;
                });
                events.send("done", "id", id);
            }
            default -> throw new IllegalArgumentException("no such command: " + what);
        }
    }

    private void start(JSONObject command, long id) throws JSONException {
        long begun = SystemClock.uptimeMillis();
        ComponentName component = component(command);
        Intent intent = new Intent(command.optString("action", Intent.ACTION_MAIN))
                .setComponent(component)
                .addFlags(Intent.FLAG_ACTIVITY_NEW_TASK)
                .putExtras(bundle(command.optJSONObject("extras")));
        Crash.belongsTo(id);
        requireActivity(component);
        try {
            VsyncShadow.whileStarting(() -> ShadowInstrumentation.getInstrumentation().startActivitySync(intent));
        } catch (RuntimeException thrown) {
            Main.crash(Main.whatTheAppThrew(thrown)); // on Android the app's own main thread would have died of it
        }
        long milliseconds = SystemClock.uptimeMillis() - begun;
        events.send(
                "displayed", "id", id, "component", component.flattenToShortString(), "milliseconds", milliseconds);
    }

    private void requireActivity(ComponentName component) {
        try {
            app.getPackageManager().getActivityInfo(component, 0);
        } catch (PackageManager.NameNotFoundException none) {
            String name = component.flattenToShortString();
            throw new IllegalArgumentException("Activity class {" + name + "} does not exist.");
        }
    }

    private static ComponentName component(JSONObject command) throws JSONException {
        ComponentName component = ComponentName.unflattenFromString(command.getString("component"));
        if (component == null) {
            throw new IllegalArgumentException("not a component: " + command.getString("component"));
        }
        return component;
    }

    /** Text, whole numbers, fractions and switches keep their types, as {@code am start --es --ei --ef --ez} sends them. */
    private static Bundle bundle(JSONObject values) throws JSONException {
        Bundle bundle = new Bundle();
        if (values == null) {
            return bundle;
        }
        for (Iterator<String> names = values.keys(); names.hasNext(); ) {
            String name = names.next();
            Object value = values.get(name);
            if (value instanceof Boolean flag) {
                bundle.putBoolean(name, flag);
            } else if (value instanceof Integer number) {
                bundle.putInt(name, number);
            } else if (value instanceof Long number) {
                bundle.putLong(name, number);
            } else if (value instanceof Double number) {
                bundle.putFloat(name, number.floatValue());
            } else {
                bundle.putString(name, String.valueOf(value));
            }
        }
        return bundle;
    }
}
