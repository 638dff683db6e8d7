package dev.tfliteharness.pixel.app;

import android.app.ActivityManager;
import android.app.Application;
import android.content.Context;
import android.content.Intent;
import android.content.IntentFilter;
import android.os.BatteryManager;
import android.os.Bundle;
import dev.tfliteharness.pixel.device.PowerManagerShadow;
import java.util.Map;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;
import org.robolectric.shadow.api.Shadow;
import org.robolectric.shadows.ShadowActivityManager;
import org.robolectric.shadows.ShadowBatteryManager;
import org.robolectric.shadows.ShadowBuild;
import org.robolectric.shadows.ShadowDisplay;

/** The make of the device, for those parts of the framework that keep it in fields: Build, memory, battery. */
final class Hardware {
    /** Percent at which a battery is low, and from which it isn't any more, as Android's configuration has them. */
    private static final int LOW = 15;
    private static final int OKAY = 20;

    private Hardware() {}

    /** Qualifiers, from which the display is made, know whole dp only; and 411 dp aren't 1440 pixels. */
    private static void showScreen(int width, int height) {
        ShadowDisplay display = Shadow.extract(ShadowDisplay.getDefaultDisplay());
        display.setWidth(width);
        display.setHeight(height);
        display.setRealWidth(width);
        display.setRealHeight(height);
        display.setRefreshRate(Float.parseFloat(System.getProperty("pixel.refresh_hz")));
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

        showScreen(Integer.parseInt(facts.get("width")), Integer.parseInt(facts.get("height")));

        change(app, name -> Long.parseLong(facts.get(name)));
    }

    /** Takes over what the device's hardware says now; apps that listen are told. On the main thread. */
    static void change(Application app, ToLongFunction<String> facts) {
        PowerManagerShadow.changeSkin(facts.applyAsLong("skin") / 10f, facts.applyAsLong("skin_severe") / 10f);
        PowerManagerShadow.changeThermalStatus((int) facts.applyAsLong("thermal"));
        showMemory(app, facts.applyAsLong("memory"));
        showBattery(app, name -> (int) facts.applyAsLong("battery_" + name));
    }

    private static void showMemory(Application app, long bytes) {
        ActivityManager.MemoryInfo memory = new ActivityManager.MemoryInfo();
        memory.totalMem = bytes;
        memory.availMem = bytes / 2;
        memory.threshold = bytes / 16;
        ShadowActivityManager manager = Shadow.extract(app.getSystemService(Context.ACTIVITY_SERVICE));
        manager.setMemoryInfo(memory);
    }

    private static void showBattery(Application app, ToIntFunction<String> battery) {
        int level = battery.applyAsInt("level");
        int plugged = battery.applyAsInt("plugged");
        int status = battery.applyAsInt("status");
        boolean charges = status == BatteryManager.BATTERY_STATUS_CHARGING
                || status == BatteryManager.BATTERY_STATUS_FULL && plugged != 0;
        ShadowBatteryManager manager = Shadow.extract(app.getSystemService(Context.BATTERY_SERVICE));
        manager.setIntProperty(BatteryManager.BATTERY_PROPERTY_CAPACITY, level);
        manager.setIntProperty(BatteryManager.BATTERY_PROPERTY_STATUS, status);
        manager.setIsCharging(charges);

        Intent before = app.registerReceiver(null, new IntentFilter(Intent.ACTION_BATTERY_CHANGED));
        Intent now = new Intent(Intent.ACTION_BATTERY_CHANGED)
                .putExtra(BatteryManager.EXTRA_PRESENT, battery.applyAsInt("present") != 0)
                .putExtra(BatteryManager.EXTRA_LEVEL, level)
                .putExtra(BatteryManager.EXTRA_SCALE, 100)
                .putExtra(BatteryManager.EXTRA_STATUS, status)
                .putExtra(BatteryManager.EXTRA_HEALTH, battery.applyAsInt("health"))
                .putExtra(BatteryManager.EXTRA_PLUGGED, plugged)
                .putExtra(BatteryManager.EXTRA_VOLTAGE, battery.applyAsInt("voltage"))
                .putExtra(BatteryManager.EXTRA_TECHNOLOGY, "Li-ion")
                .putExtra(BatteryManager.EXTRA_TEMPERATURE, battery.applyAsInt("temperature"))
                .putExtra(BatteryManager.EXTRA_BATTERY_LOW, level <= LOW);
        if (before != null && same(before.getExtras(), now.getExtras())) {
            return;
        }
        app.sendStickyBroadcast(now);
        if (before != null) {
            tellWhatCrossed(before, plugged, level);
        }
    }

    /** The broadcasts that Android's BatteryService sends on the way, when power comes or goes and the battery gets low or fills. */
    private static void tellWhatCrossed(Intent before, int plugged, int level) {
        boolean wasPlugged = before.getIntExtra(BatteryManager.EXTRA_PLUGGED, 0) != 0;
        int wasAt = before.getIntExtra(BatteryManager.EXTRA_LEVEL, 100);
        if (wasPlugged != (plugged != 0)) {
            tell(new Intent(wasPlugged ? Intent.ACTION_POWER_DISCONNECTED : Intent.ACTION_POWER_CONNECTED));
        }
        if (plugged == 0 && level <= LOW && (wasPlugged || wasAt > LOW)) {
            tell(new Intent(Intent.ACTION_BATTERY_LOW));
        } else if (wasAt < OKAY && level >= OKAY) {
            tell(new Intent(Intent.ACTION_BATTERY_OKAY));
        }
    }

    /** To this app alone: each is told of the hardware for itself. */
    private static void tell(Intent intent) {
        Broadcasts.get().deliver(intent, true, false, Broadcasts.Result.NONE, result -> {});
    }

    private static boolean same(Bundle before, Bundle now) {
        return now.keySet().stream().allMatch(key -> now.get(key).equals(before.get(key)));
    }
}
