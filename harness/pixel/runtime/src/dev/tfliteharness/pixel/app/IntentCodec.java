package dev.tfliteharness.pixel.app;

import android.content.ComponentName;
import android.content.Intent;
import android.net.Uri;
import android.os.Bundle;
import android.util.Log;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** Intents on their way between a process and the device: JSON, with extras as {@code [name, kind, value]}. */
final class IntentCodec {
    private static final String TAG = "ActivityManager";

    private IntentCodec() {}

    static Intent read(JSONObject json) throws JSONException {
        Intent intent = new Intent(json.isNull("action") ? null : json.getString("action"));
        Uri data = json.isNull("data") ? null : Uri.parse(json.getString("data"));
        intent.setDataAndType(data, json.isNull("type") ? null : json.getString("type"));
        JSONArray categories = json.getJSONArray("categories");
        for (int i = 0; i < categories.length(); i++) {
            intent.addCategory(categories.getString(i));
        }
        if (!json.isNull("component")) {
            intent.setComponent(ComponentName.unflattenFromString(json.getString("component")));
        }
        if (!json.isNull("package")) {
            intent.setPackage(json.getString("package"));
        }
        intent.setFlags((int) json.getLong("flags"));
        Bundle extras = readExtras(json.getJSONArray("extras"));
        return extras.isEmpty() ? intent : intent.putExtras(extras);
    }

    static JSONObject write(Intent intent) throws JSONException {
        JSONArray categories = new JSONArray();
        if (intent.getCategories() != null) {
            intent.getCategories().forEach(categories::put);
        }
        return new JSONObject()
                .put("action", orNull(intent.getAction()))
                .put("data", orNull(intent.getDataString()))
                .put("type", orNull(intent.getType()))
                .put("categories", categories)
                .put("component", orNull(intent.getComponent() == null ? null : intent.getComponent().flattenToString()))
                .put("package", orNull(intent.getPackage()))
                .put("flags", intent.getFlags() & 0xFFFFFFFFL)
                .put("extras", writeExtras(intent.getExtras()));
    }

    static Bundle readExtras(JSONArray extras) throws JSONException {
        Bundle bundle = new Bundle();
        for (int i = 0; i < extras.length(); i++) {
            JSONArray extra = extras.getJSONArray(i);
            put(bundle, extra.getString(0), extra.getString(1), extra.isNull(2) ? null : extra.get(2));
        }
        return bundle;
    }

    private static void put(Bundle bundle, String name, String kind, Object value) throws JSONException {
        switch (kind) {
            case "string" -> bundle.putString(name, (String) value);
            case "int" -> bundle.putInt(name, ((Number) value).intValue());
            case "long" -> bundle.putLong(name, ((Number) value).longValue());
            case "float" -> bundle.putFloat(name, ((Number) value).floatValue());
            case "double" -> bundle.putDouble(name, ((Number) value).doubleValue());
            case "boolean" -> bundle.putBoolean(name, (Boolean) value);
            case "uri" -> bundle.putParcelable(name, Uri.parse((String) value));
            case "component" -> bundle.putParcelable(name, ComponentName.unflattenFromString((String) value));
            default -> putMany(bundle, name, kind, (JSONArray) value);
        }
    }

    private static void putMany(Bundle bundle, String name, String kind, JSONArray values) throws JSONException {
        int length = values.length();
        switch (kind) {
            case "int[]", "int list" -> {
                int[] numbers = new int[length];
                java.util.ArrayList<Integer> list = new java.util.ArrayList<>();
                for (int i = 0; i < length; i++) {
                    numbers[i] = values.getInt(i);
                    list.add(numbers[i]);
                }
                if (kind.endsWith("[]")) {
                    bundle.putIntArray(name, numbers);
                } else {
                    bundle.putIntegerArrayList(name, list);
                }
            }
            case "long[]", "long list" -> {
                long[] numbers = new long[length];
                java.util.ArrayList<Long> list = new java.util.ArrayList<>();
                for (int i = 0; i < length; i++) {
                    numbers[i] = values.getLong(i);
                    list.add(numbers[i]);
                }
                if (kind.endsWith("[]")) {
                    bundle.putLongArray(name, numbers);
                } else {
                    bundle.putSerializable(name, list);
                }
            }
            case "float[]", "float list" -> {
                float[] numbers = new float[length];
                java.util.ArrayList<Float> list = new java.util.ArrayList<>();
                for (int i = 0; i < length; i++) {
                    numbers[i] = (float) values.getDouble(i);
                    list.add(numbers[i]);
                }
                if (kind.endsWith("[]")) {
                    bundle.putFloatArray(name, numbers);
                } else {
                    bundle.putSerializable(name, list);
                }
            }
            case "string[]", "string list" -> {
                java.util.ArrayList<String> list = new java.util.ArrayList<>();
                for (int i = 0; i < length; i++) {
                    list.add(values.getString(i));
                }
                if (kind.endsWith("[]")) {
                    bundle.putStringArray(name, list.toArray(new String[0]));
                } else {
                    bundle.putStringArrayList(name, list);
                }
            }
            default -> throw new IllegalArgumentException("no such kind of extra: " + kind);
        }
    }

    private static JSONArray writeExtras(Bundle bundle) throws JSONException {
        JSONArray extras = new JSONArray();
        if (bundle == null) {
            return extras;
        }
        for (String name : bundle.keySet()) {
            Object value = bundle.get(name);
            String kind = kindOf(value);
            if (kind == null) {
                Log.w(TAG, "extra " + name + " of " + value.getClass().getName() + " stays behind: it can't leave its process here");
                continue;
            }
            boolean text = kind.equals("uri");
            Object shown = value instanceof ComponentName each ? each.flattenToString() : text ? value.toString() : value;
            extras.put(new JSONArray().put(name).put(kind).put(shown == null ? JSONObject.NULL : JSONObject.wrap(shown)));
        }
        return extras;
    }

    private static String kindOf(Object value) {
        if (value == null || value instanceof String) {
            return "string";
        }
        if (value instanceof Integer || value instanceof Long || value instanceof Float || value instanceof Double
                || value instanceof Boolean) {
            String name = value.getClass().getSimpleName();
            return name.equals("Integer") ? "int" : name.toLowerCase(java.util.Locale.ROOT);
        }
        if (value instanceof Uri) {
            return "uri";
        }
        if (value instanceof ComponentName) {
            return "component";
        }
        return switch (value.getClass().getSimpleName()) {
            case "int[]", "long[]", "float[]" -> value.getClass().getSimpleName();
            case "String[]" -> "string[]";
            default -> null;
        };
    }

    private static Object orNull(String text) {
        return text == null ? JSONObject.NULL : text;
    }
}
