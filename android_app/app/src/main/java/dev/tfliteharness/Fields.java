package dev.tfliteharness;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** A JSON object read field by field; whatever is missing or of another type is said with its full path. */
final class Fields {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*");

    private final JSONObject object;
    private final String path;

    private Fields(JSONObject object, String path) {
        this.object = object;
        this.path = path;
    }

    static Fields parse(String text, String source) throws BadInputException {
        try {
            return new Fields(new JSONObject(text), source + ": ");
        } catch (JSONException e) {
            throw new BadInputException(source + " is not a JSON object: " + e.getMessage(), e);
        }
    }

    String string(String key) throws BadInputException {
        Object value = required(key);
        if (!(value instanceof String) || ((String) value).isEmpty()) {
            throw bad(key, "must be a text that isn't empty");
        }
        return (String) value;
    }

    String string(String key, String otherwise) throws BadInputException {
        return object.isNull(key) ? otherwise : string(key);
    }

    /** A text that may be empty or missing. */
    String text(String key) {
        return object.optString(key, "");
    }

    /** A text that may stand for a file's or a folder's name. */
    String name(String key) throws BadInputException {
        String value = string(key);
        if (!NAME.matcher(value).matches()) {
            throw bad(key, "may have only letters, digits, '_', '.' and '-'");
        }
        return value;
    }

    int integer(String key, int least) throws BadInputException {
        Object value = required(key);
        if (!(value instanceof Integer) || (Integer) value < least) {
            throw bad(key, "must be a whole number from " + least);
        }
        return (Integer) value;
    }

    int integer(String key, int least, int otherwise) throws BadInputException {
        return object.isNull(key) ? otherwise : integer(key, least);
    }

    boolean bool(String key, boolean otherwise) throws BadInputException {
        if (object.isNull(key)) {
            return otherwise;
        }
        Object value = required(key);
        if (!(value instanceof Boolean)) {
            throw bad(key, "must be true or false");
        }
        return (Boolean) value;
    }

    float[] floats(String key) throws BadInputException {
        JSONArray array = array(key);
        float[] values = new float[array.length()];
        for (int i = 0; i < values.length; i++) {
            Object value = array.opt(i);
            if (!(value instanceof Number)) {
                throw bad(key + "[" + i + "]", "must be a number");
            }
            values[i] = ((Number) value).floatValue();
        }
        return values;
    }

    boolean has(String key) {
        return !object.isNull(key);
    }

    Fields object(String key) throws BadInputException {
        Object value = required(key);
        if (!(value instanceof JSONObject)) {
            throw bad(key, "must be an object");
        }
        return new Fields((JSONObject) value, path + key + ".");
    }

    List<Fields> objects(String key) throws BadInputException {
        JSONArray array = array(key);
        List<Fields> values = new ArrayList<>();
        for (int i = 0; i < array.length(); i++) {
            Object value = array.opt(i);
            if (!(value instanceof JSONObject)) {
                throw bad(key + "[" + i + "]", "must be an object");
            }
            values.add(new Fields((JSONObject) value, path + key + "[" + i + "]."));
        }
        return values;
    }

    void requireSchema(int known) throws BadInputException {
        int found = integer("schema", 0);
        if (found != known) {
            throw bad("schema", "this app reads " + known + ": build the app again");
        }
    }

    BadInputException bad(String key, String rule) {
        return new BadInputException(path + key + " " + rule + ", not " + object.opt(key));
    }

    private JSONArray array(String key) throws BadInputException {
        Object value = required(key);
        if (!(value instanceof JSONArray)) {
            throw bad(key, "must be a list");
        }
        return (JSONArray) value;
    }

    private Object required(String key) throws BadInputException {
        if (object.isNull(key)) {
            throw new BadInputException(path + key + " is missing");
        }
        return object.opt(key);
    }
}
