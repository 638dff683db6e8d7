package dev.tfliteharness.pixel.dex;

import com.googlecode.d2j.dex.Dex2jar;
import com.googlecode.d2j.node.DexClassNode;
import com.googlecode.d2j.node.DexFileNode;
import com.googlecode.d2j.reader.DexFileReader;
import com.googlecode.d2j.reader.MultiDexFileReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Turns an app's dex files into JVM classes: {@code Converter APK OUT.jar LIBRARY.jar...}.
 *
 * <p>dex2jar translates; what it leaves open, and a JVM's verifier asks for, {@link ClassFixer} adds. The libraries are
 * what the app's classes extend.
 */
public final class Converter {
    private Converter() {}

    public static void main(String[] arguments) throws IOException {
        Path apk = Path.of(arguments[0]);
        Path out = Path.of(arguments[1]);
        Path raw = out.resolveSibling(out.getFileName() + ".raw.jar");
        FailedMethods failures = new FailedMethods();
        try {
            byte[] bytes = Files.readAllBytes(apk);
            Dex2jar.from(bytes)
                    .topoLogicalSort(true)
                    .skipDebug(false)
                    .dontSanitizeNames(true)
                    .withExceptionHandler(failures)
                    .to(raw);
            int classes = fix(raw, out, sourceFiles(bytes), arguments);
            System.out.println(classes + " classes, " + failures.count() + " methods that can't be translated");
        } finally {
            Files.deleteIfExists(raw);
        }
    }

    private static int fix(Path raw, Path out, Map<String, String> sources, String[] arguments) throws IOException {
        int classes = 0;
        try (ClassTree tree = new ClassTree(raw, arguments, 2);
                ZipFile in = new ZipFile(raw.toFile());
                OutputStream stream = Files.newOutputStream(out);
                ZipOutputStream jar = new ZipOutputStream(stream)) {
            ClassFixer fixer = new ClassFixer(tree);
            jar.setMethod(ZipOutputStream.STORED); // read once a start, from a file that is there: speed before size
            for (Enumeration<? extends ZipEntry> entries = in.entries(); entries.hasMoreElements(); ) {
                ZipEntry entry = entries.nextElement();
                if (!entry.getName().endsWith(".class")) {
                    continue;
                }
                String name = entry.getName().substring(0, entry.getName().length() - ".class".length());
                byte[] code = fixer.fix(in.getInputStream(entry).readAllBytes(), sources.get(name));
                CRC32 checksum = new CRC32();
                checksum.update(code);
                ZipEntry stored = new ZipEntry(entry.getName());
                stored.setTime(0);
                stored.setSize(code.length);
                stored.setCrc(checksum.getValue());
                jar.putNextEntry(stored);
                jar.write(code);
                jar.closeEntry();
                classes++;
            }
        }
        return classes;
    }

    /** The source file of each class by its internal name, which dex2jar leaves behind; stack traces want it. */
    private static Map<String, String> sourceFiles(byte[] apk) throws IOException {
        DexFileNode dex = new DexFileNode();
        MultiDexFileReader.open(apk).accept(dex, DexFileReader.SKIP_CODE);
        Map<String, String> sources = new HashMap<>();
        for (DexClassNode each : dex.clzs) {
            sources.put(each.className.substring(1, each.className.length() - 1), each.source);
        }
        return sources;
    }
}
