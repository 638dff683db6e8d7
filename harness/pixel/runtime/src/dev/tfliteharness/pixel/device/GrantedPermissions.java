package dev.tfliteharness.pixel.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The permissions that the app has, as the package manager tells them: a file with a name a line, read each time, since
 * {@code pm grant} works on an app that runs.
 */
final class GrantedPermissions {
    private static final Path FOLDER = Path.of("/dev/__properties__/granted");

    private GrantedPermissions() {}

    static boolean has(String permission) {
        try {
            return Files.readAllLines(FOLDER.resolve(System.getProperty("pixel.package"))).contains(permission);
        } catch (IOException nobodyToldAny) {
            return false;
        }
    }
}
