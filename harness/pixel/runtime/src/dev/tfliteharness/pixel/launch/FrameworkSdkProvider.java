package dev.tfliteharness.pixel.launch;

import java.util.Collection;
import java.util.List;
import org.robolectric.pluginapi.Sdk;
import org.robolectric.pluginapi.SdkProvider;

/** The one SDK that there is; nothing is looked up in a repository. */
public final class FrameworkSdkProvider implements SdkProvider {
    @Override
    public Collection<Sdk> getSdks() {
        return List.of(new FrameworkSdk());
    }
}
