package dev.tfliteharness.pixel.app;

import java.nio.charset.StandardCharsets;

/** The device's logd, by way of its liblog.so. */
public final class NativeLog {
    /** Bytes of tag and message that one record holds (log/log_read.h). */
    public static final int PAYLOAD_MAX = 4068;

    static {
        System.load(System.getProperty("pixel.liblog"));
    }

    private NativeLog() {}

    /** Writes a record of one of Android's buffers (0 main, 4 crash) and priorities (2 verbose to 7 fatal). */
    public static int line(int buffer, int priority, String tag, String message) {
        return write(buffer, priority, utf8(tag), utf8(message));
    }

    private static byte[] utf8(String text) {
        return (text == null ? "" : text).getBytes(StandardCharsets.UTF_8);
    }

    private static native int write(int buffer, int priority, byte[] tag, byte[] message);

    /** Tells the native side what crash reports name this process. */
    static native void setProcess(String name);
}
