package dev.tfliteharness.pixel.app;

import android.app.ActivityManager;
import android.app.Instrumentation;
import android.content.Intent;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.json.JSONException;
import org.json.JSONObject;

/** What this app asks of the device: other packages' activities, services and receivers. */
public final class Outside {
    private static final Map<Long, CompletableFuture<JSONObject>> OPEN = new ConcurrentHashMap<>();
    private static final AtomicLong NUMBERS = new AtomicLong();
    private static Events events;

    private Outside() {}

    static void through(Events channel) {
        events = channel;
    }

    /** Has another package's activity started. Throws what Android throws for one that isn't there, or isn't for others. */
    public static void startActivity(Intent intent) {
        JSONObject answer = ask("start-activity", intent);
        int result = answer.optInt("result", ActivityManager.START_INTENT_NOT_RESOLVED);
        if (result == ActivityManager.START_PERMISSION_DENIED) {
            throw new SecurityException(answer.optString("message"));
        }
        Instrumentation.checkStartActivityResult(result, intent);
    }

    /** Has another package's service started; whether there is one. */
    static boolean startService(Intent intent) {
        return ask("start-service", intent).optBoolean("found");
    }

    static boolean stopService(Intent intent) {
        return ask("stop-service", intent).optBoolean("found");
    }

    /** Lets the other packages' receivers have a broadcast; nobody waits for them. */
    static void broadcast(Intent intent) {
        try {
            events.send("ask", "what", "broadcast", "number", NUMBERS.incrementAndGet(), "intent", IntentCodec.write(intent));
        } catch (JSONException problem) {
            throw new IllegalArgumentException(problem);
        }
    }

    private static JSONObject ask(String what, Intent intent) {
        long number = NUMBERS.incrementAndGet();
        CompletableFuture<JSONObject> answer = new CompletableFuture<>();
        OPEN.put(number, answer);
        try {
            events.send("ask", "what", what, "number", number, "intent", IntentCodec.write(intent));
            return answer.join();
        } catch (JSONException problem) {
            throw new IllegalArgumentException(problem);
        } finally {
            OPEN.remove(number);
        }
    }

    /** The device's answer to question {@code number}. */
    static void answered(JSONObject answer) {
        CompletableFuture<JSONObject> waiting = OPEN.get(answer.optLong("number"));
        if (waiting != null) {
            waiting.complete(answer);
        }
    }
}
