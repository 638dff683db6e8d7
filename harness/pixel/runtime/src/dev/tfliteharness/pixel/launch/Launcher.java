package dev.tfliteharness.pixel.launch;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Entry of an app process: the framework comes up in its sandbox, then the app is served from there.
 *
 * <p>Arguments are {@code name=value} pairs, see {@link Settings}. Standard input brings commands, standard output takes
 * events, one JSON object a line each; standard error is the device's own log.
 */
public final class Launcher {
    private Launcher() {}

    public static void main(String[] arguments) {
        PrintStream events = new PrintStream(new FileOutputStream(FileDescriptor.out), false);
        System.setOut(System.err);
        int status;
        try {
            Settings settings = Settings.parse(arguments);
            AndroidSandboxes.Started started = AndroidSandboxes.start(settings);
            List<String> facts = new ArrayList<>();
            settings.values().forEach((name, value) -> facts.add(name + "=" + value));
            status = started.serve("dev.tfliteharness.pixel.app.AppMain", events, facts);
        } catch (Throwable problem) {
            problem.printStackTrace();
            status = 70;
        }
        // Threads of the framework are no daemons; without this the process would stay.
        System.exit(status);
    }
}
