package dev.tfliteharness;

import android.content.Context;
import android.content.Intent;
import android.content.IntentFilter;
import android.os.BatteryManager;
import android.os.Build;
import android.os.Debug;
import android.os.PowerManager;
import org.json.JSONException;
import org.json.JSONObject;

/** What the device says about itself: who it is, how hot it is, how much memory the app holds. */
final class DeviceState {
    private static final IntentFilter BATTERY = new IntentFilter(Intent.ACTION_BATTERY_CHANGED);

    private final Context context;
    private final PowerManager power;

    DeviceState(Context context) {
        this.context = context;
        this.power = (PowerManager) context.getSystemService(Context.POWER_SERVICE);
    }

    static JSONObject identity() throws JSONException {
        return new JSONObject()
                .put("manufacturer", Build.MANUFACTURER)
                .put("model", Build.MODEL)
                .put("device", Build.DEVICE)
                .put("sdk", Build.VERSION.SDK_INT)
                .put("abi", Build.SUPPORTED_ABIS.length > 0 ? Build.SUPPORTED_ABIS[0] : "")
                .put("fingerprint", Build.FINGERPRINT)
                .put("hardware", Build.HARDWARE);
    }

    /** Adds the thermal status (-1 where unknown), the battery's °C (null where unknown) and this process' PSS in kB. */
    void describe(JSONObject record) throws JSONException {
        record.put("thermal", thermalStatus());
        Intent battery = context.registerReceiver(null, BATTERY);
        int tenths = battery == null ? -1 : battery.getIntExtra(BatteryManager.EXTRA_TEMPERATURE, -1);
        record.put("battery_c", tenths < 0 ? JSONObject.NULL : (Object) (tenths / 10.0));
        long pss = Debug.getPss();
        record.put("memory_kb", pss > 0 ? pss : -1);
    }

    private int thermalStatus() {
        return Build.VERSION.SDK_INT >= 29 && power != null ? power.getCurrentThermalStatus() : -1;
    }
}
