package dev.tfliteharness.pixel.app;

import android.app.Application;
import android.content.ComponentName;
import android.content.Intent;
import android.content.pm.ActivityInfo;
import android.content.pm.ServiceInfo;
import android.os.Bundle;
import android.os.SystemClock;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.Iterator;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** The device's commands, one JSON object a line. They are begun in the order they come; none waits here for the app. */
final class Control {
    private final Events events;
    private final Application app;
    private final Screen screen;
    private final Input input = new Input(this::tellHandled);
    private volatile long gesture;
    private final ExecutorService fingers = worker("InputShell");
    private final ExecutorService camera = worker("screencap");

    Control(Events events, Application app) {
        this.events = events;
        this.app = app;
        this.screen = new Screen(app);
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
            answered(id, () -> perform(command, id));
        }
    }

    private void perform(JSONObject command, long id) throws Exception {
        String what = command.getString("do");
        switch (what) {
            case "instrument" -> {
                Bundle arguments = bundle(command.optJSONObject("args"));
                InstrumentationRun.begin(events, id, component(command), arguments, app);
            }
            case "start" -> start(IntentCodec.read(command.getJSONObject("intent")), id);
            case "front" -> onMain(id, ActivityStack.get()::comeBack);
            case "leave" -> onMain(id, ActivityStack.get()::leave);
            case "service" -> startService(IntentCodec.read(command.getJSONObject("intent")), id);
            case "stop-service" -> {
                boolean stopped = Services.get().stop(IntentCodec.read(command.getJSONObject("intent")));
                events.send("done", "id", id, "stopped", stopped);
            }
            case "broadcast" -> broadcast(command, id);
            case "answer" -> Outside.answered(command);
            case "input" -> fingers.execute(() -> answered(id, () -> {
                gesture = id;
                input.perform(command);
                events.send("done", "id", id);
            }));
            case "trim" -> {
                int level = command.getInt("level");
                onMain(id, () -> app.onTrimMemory(level));
            }
            case "crash" -> Main.post(() -> Main.crash(new android.app.RemoteServiceException.CrashedByAdbException(
                    "shell-induced crash")));
            case "traces" -> events.send("done", "id", id, "text", Traces.dump());
            case "describe" -> Main.post(() -> events.send(
                    "done",
                    "id", id,
                    "activities", new JSONArray(ActivityStack.get().described()),
                    "services", new JSONArray(Services.get().names())));
            case "screencap" -> camera.execute(() -> answered(id, () -> {
                screen.capture(command.getString("path"));
                events.send("done", "id", id);
            }));
            case "hardware" -> {
                JSONObject facts = command.getJSONObject("facts");
                onMain(id, () -> Hardware.change(app, facts::optLong));
            }
            default -> throw new IllegalArgumentException("no such command: " + what);
        }
    }

    private void tellHandled() {
        events.send("handled", "id", gesture);
    }

    private void start(Intent intent, long id) {
        long begun = SystemClock.uptimeMillis();
        Crash.belongsTo(id);
        ActivityInfo info = Launches.resolve(intent);
        if (info == null) {
            String name = intent.getComponent() == null ? intent.toString() : intent.getComponent().flattenToShortString();
            throw new IllegalArgumentException("Activity class {" + name + "} does not exist.");
        }
        Main.post(() -> {
            ActivityStack.Outcome outcome = ActivityStack.get().startFromOutside(intent, info);
            events.send(
                    "displayed",
                    "id", id,
                    "component", intent.getComponent().flattenToShortString(),
                    "outcome", outcome.name(),
                    "milliseconds", SystemClock.uptimeMillis() - begun);
        });
    }

    private void startService(Intent intent, long id) {
        Crash.belongsTo(id);
        ServiceInfo info = Services.get().resolve(intent);
        if (info == null) {
            throw new IllegalArgumentException("Not found; no service started.");
        }
        intent.setClassName(info.packageName, info.name);
        onMain(id, () -> Services.get().command(info, intent));
    }

    private void broadcast(JSONObject command, long id) throws JSONException {
        Intent intent = IntentCodec.read(command.getJSONObject("intent"));
        Crash.belongsTo(id);
        Main.post(() -> Broadcasts.get().deliver(intent, false, true, Broadcasts.Result.NONE, result -> events.send(
                "done",
                "id", id,
                "code", result.code(),
                "data", result.data(),
                "extras", result.extras() == null ? null : String.valueOf(result.extras()),
                "receivers", result.receivers())));
    }

    /** Answers once {@code work} is through on the main thread; what it throws there ends the process. */
    private void onMain(long id, Runnable work) {
        Main.post(() -> {
            work.run();
            events.send("done", "id", id);
        });
    }

    private interface Step {
        void run() throws Exception;
    }

    private void answered(long id, Step step) {
        try {
            step.run();
        } catch (IllegalArgumentException refused) {
            events.send("error", "id", id, "message", refused.getMessage());
        } catch (Exception | LinkageError problem) {
            events.send("error", "id", id, "message", Crash.stackOf(problem));
        }
    }

    private static ExecutorService worker(String name) {
        return Executors.newSingleThreadExecutor(work -> {
            Thread thread = new Thread(work, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    private static ComponentName component(JSONObject command) throws JSONException {
        ComponentName component = ComponentName.unflattenFromString(command.getString("component"));
        if (component == null) {
            throw new IllegalArgumentException("not a component: " + command.getString("component"));
        }
        return component;
    }

    /** What {@code am instrument -e} gives: text all of it. */
    private static Bundle bundle(JSONObject values) throws JSONException {
        Bundle bundle = new Bundle();
        if (values == null) {
            return bundle;
        }
        for (Iterator<String> names = values.keys(); names.hasNext(); ) {
            String name = names.next();
            bundle.putString(name, values.getString(name));
        }
        return bundle;
    }
}
