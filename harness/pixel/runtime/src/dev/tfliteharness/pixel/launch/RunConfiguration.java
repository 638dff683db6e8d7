package dev.tfliteharness.pixel.launch;

import java.util.Collection;
import java.util.Map;
import org.robolectric.annotation.Config;
import org.robolectric.annotation.ConscryptMode;
import org.robolectric.annotation.GetInstallerPackageNameMode;
import org.robolectric.annotation.GraphicsMode;
import org.robolectric.annotation.LooperMode;
import org.robolectric.annotation.ResourcesMode;
import org.robolectric.annotation.SQLiteMode;
import org.robolectric.annotation.TextLayoutMode;
import org.robolectric.annotation.experimental.LazyApplication.LazyLoad;
import org.robolectric.pluginapi.config.ConfigurationStrategy.Configuration;

/** Robolectric's switches, all on the side of the real thing. */
final class RunConfiguration implements Configuration {
    private final Map<Class<?>, Object> values;

    RunConfiguration(String qualifiers) {
        Config config = new Config.Implementation(
                new int[0], -1, -1, Config.DEFAULT_MANIFEST_NAME, qualifiers, 1f, new Class<?>[0], new String[0], null);
        values = Map.of(
                Config.class, config,
                LooperMode.Mode.class, LooperMode.Mode.INSTRUMENTATION_TEST,
                GraphicsMode.Mode.class, GraphicsMode.Mode.NATIVE,
                SQLiteMode.Mode.class, SQLiteMode.Mode.NATIVE,
                ConscryptMode.Mode.class, ConscryptMode.Mode.OFF,
                ResourcesMode.Mode.class, ResourcesMode.Mode.BINARY,
                LazyLoad.class, LazyLoad.OFF,
                TextLayoutMode.Mode.class, TextLayoutMode.Mode.REALISTIC,
                GetInstallerPackageNameMode.Mode.class, GetInstallerPackageNameMode.Mode.REALISTIC);
    }

    @Override
    public <T> T get(Class<T> type) {
        return type.cast(values.get(type));
    }

    @Override
    public Collection<Class<?>> keySet() {
        return values.keySet();
    }

    @Override
    public Map<Class<?>, Object> map() {
        return values;
    }
}
