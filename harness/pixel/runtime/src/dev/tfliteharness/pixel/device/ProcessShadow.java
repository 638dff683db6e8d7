package dev.tfliteharness.pixel.device;

import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.shadows.ShadowProcess;

/** This process as the device sees it. */
@Implements(className = "android.os.Process", isInAndroidSdk = false)
public class ProcessShadow extends ShadowProcess {
    private static final int PID = (int) ProcessHandle.current().pid();

    @Implementation
    protected static int myPid() {
        return PID;
    }

    @Implementation
    protected static int myUid() {
        return Integer.getInteger("pixel.uid");
    }

    @Implementation
    protected static String myProcessName() {
        return System.getProperty("pixel.package");
    }

    /** What apps end themselves with, and Android's own last word after a crash. */
    @Implementation
    protected static void killProcess(int pid) {
        if (pid == PID) {
            Runtime.getRuntime().exit(137);
        }
    }
}
