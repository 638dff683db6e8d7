package dev.tfliteharness.pixel.dex;

import java.io.IOException;
import java.io.InputStream;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.Opcodes;

/** Who extends whom among the app's classes, its libraries and the JDK; read from the class files, nothing is loaded. */
final class ClassTree implements AutoCloseable {
    private static final String OBJECT = "java/lang/Object";

    private record Type(String parent, boolean isInterface) {}

    private final URLClassLoader files;
    private final Map<String, Optional<Type>> known = new HashMap<>();

    /** Looks in {@code app} first, then in {@code libraries} from index {@code first} on. */
    ClassTree(Path app, String[] libraries, int first) throws MalformedURLException {
        URL[] places = new URL[libraries.length - first + 1];
        places[0] = app.toUri().toURL();
        for (int i = first; i < libraries.length; i++) {
            places[i - first + 1] = Path.of(libraries[i]).toUri().toURL();
        }
        files = new URLClassLoader(places, ClassLoader.getPlatformClassLoader());
    }

    boolean isInterface(String name) {
        return find(name).map(Type::isInterface).orElse(false);
    }

    /** The nearest class that both extend, as the verifier understands it: interfaces count as Object. */
    String commonParent(String one, String other) {
        if (find(one).isEmpty() || find(other).isEmpty() || isInterface(one) || isInterface(other)) {
            return OBJECT;
        }
        Set<String> parents = new HashSet<>();
        for (String name = one; name != null; name = parent(name)) {
            parents.add(name);
        }
        for (String name = other; name != null; name = parent(name)) {
            if (parents.contains(name)) {
                return name;
            }
        }
        return OBJECT;
    }

    private String parent(String name) {
        return find(name).map(Type::parent).orElse(OBJECT.equals(name) ? null : OBJECT);
    }

    private Optional<Type> find(String name) {
        return known.computeIfAbsent(name, this::read);
    }

    private Optional<Type> read(String name) {
        try (InputStream file = files.getResourceAsStream(name + ".class")) {
            if (file == null) {
                return Optional.empty();
            }
            ClassReader type = new ClassReader(file.readAllBytes());
            return Optional.of(new Type(type.getSuperName(), (type.getAccess() & Opcodes.ACC_INTERFACE) != 0));
        } catch (IOException problem) {
            throw new IllegalStateException("can't read class " + name, problem);
        }
    }

    @Override
    public void close() throws IOException {
        files.close();
    }
}
