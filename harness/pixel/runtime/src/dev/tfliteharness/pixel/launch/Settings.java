package dev.tfliteharness.pixel.launch;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the device tells the process on its command line: the app, and the make of the device. */
record Settings(Map<String, String> values) {
    static Settings parse(String[] arguments) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("not name=value: " + argument);
            }
            values.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
        return new Settings(values);
    }

    String text(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no " + name + " among the arguments");
        }
        return value;
    }

    int number(String name) {
        return Integer.parseInt(text(name));
    }

    Path path(String name) {
        return Path.of(text(name));
    }

    /** Resource qualifiers of the screen, in the order that Android's resource table asks for. */
    String qualifiers() {
        int density = number("density");
        int width = Math.round(number("width") * 160f / density);
        int height = Math.round(number("height") * 160f / density);
        return "en-rUS-w" + width + "dp-h" + height + "dp-normal-long-notround-port-" + density + "dpi";
    }
}
