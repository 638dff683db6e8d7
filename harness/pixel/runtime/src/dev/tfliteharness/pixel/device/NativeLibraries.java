package dev.tfliteharness.pixel.device;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

/**
 * {@code System.load} and {@code System.loadLibrary} as an app means them; its translated classes call these instead.
 *
 * <p>Android's linker has its say first, as {@code Runtime.nativeLoad} of Android 14 would; then the JVM takes the library.
 */
public final class NativeLibraries {
    private static final File OWN = new File(System.getProperty("java.library.path"));
    private static final File LIBLOG = new File(System.getProperty("pixel.liblog"));

    static {
        System.load(LIBLOG.getPath());
    }

    private NativeLibraries() {}

    public static void loadLibrary(String name, Class<?> caller) {
        if (name.indexOf(File.separatorChar) != -1) {
            throw new UnsatisfiedLinkError("Directory separator should not appear in library name: " + name);
        }
        String file = System.mapLibraryName(name);
        File own = new File(OWN, file);
        if (own.isFile()) {
            load(own.getPath(), own, caller);
        } else {
            load(file, new File(LIBLOG.getParentFile(), file), caller);
        }
    }

    public static void load(String path, Class<?> caller) {
        if (!new File(path).isAbsolute()) {
            throw new UnsatisfiedLinkError("Expecting an absolute path of the library: " + path);
        }
        // A library inside the APK: the package manager has unpacked it.
        File file = path.contains("!/lib/") ? new File(OWN, new File(path).getName()) : new File(path);
        load(file.getPath(), file, caller);
    }

    public static void loadLibrary(Runtime runtime, String name, Class<?> caller) {
        loadLibrary(name, caller);
    }

    public static void load(Runtime runtime, String path, Class<?> caller) {
        load(path, caller);
    }

    private static void load(String name, File file, Class<?> caller) {
        String refusal = link(OWN.getPath(), name);
        if (refusal != null) {
            throw new UnsatisfiedLinkError(refusal);
        }
        try {
            Method load = Runtime.class.getDeclaredMethod("load0", Class.class, String.class);
            load.setAccessible(true);
            load.invoke(Runtime.getRuntime(), caller, file.getPath());
        } catch (InvocationTargetException wrapped) {
            if (wrapped.getCause() instanceof Error thrown) {
                throw thrown;
            }
            throw (RuntimeException) wrapped.getCause();
        } catch (ReflectiveOperationException problem) {
            throw new IllegalStateException(problem);
        }
    }

    private static native String link(String folder, String name);
}
