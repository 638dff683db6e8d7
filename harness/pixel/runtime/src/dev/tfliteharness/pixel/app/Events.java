package dev.tfliteharness.pixel.app;

import android.os.Bundle;
import java.io.PrintStream;
import org.json.JSONException;
import org.json.JSONObject;

/** What the process tells the device: one JSON object a line, whole lines only, each flushed. */
final class Events {
    private final PrintStream out;

    Events(PrintStream out) {
        this.out = out;
    }

    /** Sends event {@code name}; {@code pairs} are field names and values in turn. */
    void send(String name, Object... pairs) {
        try {
            JSONObject event = new JSONObject().put("event", name);
            for (int i = 0; i < pairs.length; i += 2) {
                event.put((String) pairs[i], pairs[i + 1] == null ? JSONObject.NULL : pairs[i + 1]);
            }
            byte[] line = (event + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8);
            synchronized (out) {
                out.write(line, 0, line.length);
                out.flush();
            }
        } catch (JSONException problem) {
            throw new IllegalArgumentException(problem);
        }
    }

    /** A bundle's values as text, as {@code am instrument} prints them. */
    static JSONObject values(Bundle bundle) {
        JSONObject values = new JSONObject();
        if (bundle != null) {
            for (String key : bundle.keySet()) {
                try {
                    values.put(key, String.valueOf(bundle.get(key)));
                } catch (JSONException problem) {
                    throw new IllegalArgumentException(problem);
                }
            }
        }
        return values;
    }
}
