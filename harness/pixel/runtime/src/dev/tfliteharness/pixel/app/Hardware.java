package dev.tfliteharness.pixel.app;

import android.app.ActivityManager;
import android.app.Application;
import android.content.Context;
import android.content.Intent;
import android.os.BatteryManager;
import java.util.Map;
import org.robolectric.shadow.api.Shadow;
import org.robolectric.shadows.ShadowActivityManager;
import org.robolectric.shadows.ShadowBuild;
import org.robolectric.shadows.ShadowDisplay;

/** The make of the device, for those parts of the framework that keep it in fields: Build, memory, battery. */
final class Hardware {
    /** Tenths of a degree Celsius: a device that lies at rest. */
    private static final int BATTERY_TEMPERATURE = 250;

    private Hardware() {}

    /** Qualifiers, from which the display is made, know whole dp only; and 411 dp aren't 1440 pixels. */
    private static void showExactPixels(int width, int height) {
        ShadowDisplay display = Shadow.extract(ShadowDisplay.getDefaultDisplay());
        display.setWidth(width);
        display.setHeight(height);
        display.setRealWidth(width);
        display.setRealHeight(height);
    }

    static void describe(Application app, Map<String, String> facts) {
        ShadowBuild.setManufacturer(facts.get("manufacturer"));
        ShadowBuild.setBrand(facts.get("brand"));
        ShadowBuild.setModel(facts.get("model"));
        ShadowBuild.setDevice(facts.get("device"));
        ShadowBuild.setProduct(facts.get("product"));
        ShadowBuild.setBoard(facts.get("device"));
        ShadowBuild.setHardware("virtual");
        ShadowBuild.setFingerprint(facts.get("fingerprint"));
        ShadowBuild.setId(facts.get("build_id"));
        ShadowBuild.setVersionRelease(facts.get("release"));
        ShadowBuild.setVersionSecurityPatch(facts.get("security_patch"));
        String[] abis = facts.get("abis").split(",");
        ShadowBuild.setSupportedAbis(abis);
        ShadowBuild.setSupported64BitAbis(abis);
        ShadowBuild.setSupported32BitAbis(new String[0]);

        showExactPixels(Integer.parseInt(facts.get("width")), Integer.parseInt(facts.get("height")));

        ActivityManager.MemoryInfo memory = new ActivityManager.MemoryInfo();
        memory.totalMem = Long.parseLong(facts.get("memory"));
        memory.availMem = memory.totalMem / 2;
        memory.threshold = memory.totalMem / 16;
        ShadowActivityManager manager = Shadow.extract(app.getSystemService(Context.ACTIVITY_SERVICE));
        manager.setMemoryInfo(memory);

        app.sendStickyBroadcast(new Intent(Intent.ACTION_BATTERY_CHANGED)
                .putExtra(BatteryManager.EXTRA_PRESENT, true)
                .putExtra(BatteryManager.EXTRA_LEVEL, 100)
                .putExtra(BatteryManager.EXTRA_SCALE, 100)
                .putExtra(BatteryManager.EXTRA_STATUS, BatteryManager.BATTERY_STATUS_FULL)
                .putExtra(BatteryManager.EXTRA_HEALTH, BatteryManager.BATTERY_HEALTH_GOOD)
                .putExtra(BatteryManager.EXTRA_PLUGGED, BatteryManager.BATTERY_PLUGGED_USB)
                .putExtra(BatteryManager.EXTRA_VOLTAGE, 4200)
                .putExtra(BatteryManager.EXTRA_TECHNOLOGY, "Li-ion")
                .putExtra(BatteryManager.EXTRA_TEMPERATURE, BATTERY_TEMPERATURE));
    }
}
