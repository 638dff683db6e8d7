package dev.tfliteharness;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Files and streams as bytes, and bytes as SHA-256. */
final class Bytes {
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private Bytes() {}

    static byte[] all(InputStream in) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] block = new byte[1 << 16];
        for (int n = in.read(block); n >= 0; n = in.read(block)) {
            out.write(block, 0, n);
        }
        return out.toByteArray();
    }

    static String text(File file) throws IOException {
        try (InputStream in = new FileInputStream(file)) {
            return new String(all(in), StandardCharsets.UTF_8);
        }
    }

    /** A file's bytes in a direct buffer of native byte order, ready to be read. */
    static ByteBuffer direct(File file) throws IOException {
        try (FileInputStream in = new FileInputStream(file);
                FileChannel channel = in.getChannel()) {
            ByteBuffer buffer = directOf((int) channel.size());
            while (buffer.hasRemaining()) {
                if (channel.read(buffer) < 0) {
                    throw new EOFException(file + " got shorter while it was read");
                }
            }
            buffer.rewind();
            return buffer;
        }
    }

    static ByteBuffer directOf(int size) {
        return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
    }

    /** Writes a whole buffer to a file; its position stays where it was. */
    static void write(ByteBuffer buffer, File file) throws IOException {
        ByteBuffer copy = whole(buffer);
        try (FileOutputStream out = new FileOutputStream(file);
                FileChannel channel = out.getChannel()) {
            while (copy.hasRemaining()) {
                channel.write(copy);
            }
        }
    }

    /** SHA-256 of a whole buffer, in hexadecimal; its position stays where it was. */
    static String sha256(ByteBuffer buffer) {
        MessageDigest digest = digest();
        digest.update(whole(buffer));
        return hex(digest.digest());
    }

    static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Android has SHA-256", e);
        }
    }

    static String hex(byte[] bytes) {
        char[] text = new char[2 * bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            text[2 * i] = HEX[(bytes[i] >> 4) & 15];
            text[2 * i + 1] = HEX[bytes[i] & 15];
        }
        return new String(text);
    }

    private static ByteBuffer whole(ByteBuffer buffer) {
        ByteBuffer copy = buffer.asReadOnlyBuffer();
        copy.clear();
        return copy;
    }
}
