package dev.tfliteharness;

import android.app.Activity;
import android.graphics.Bitmap;
import android.view.LayoutInflater;
import android.view.View;
import android.view.ViewGroup;
import android.widget.ImageView;
import android.widget.TextView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The photo on show, and below it all photos to choose from. */
final class PhotoStrip {
    private final Activity activity;
    private final ImageView large;
    private final TextView name;
    private final TextView label;
    private final float corner;
    private final List<Catalog.Photo> photos;
    private final List<Bitmap> bitmaps = new ArrayList<>();
    private final List<View> thumbnails = new ArrayList<>();
    private int chosen;

    PhotoStrip(Activity activity, List<Catalog.Photo> photos) throws IOException {
        this.activity = activity;
        this.photos = photos;
        large = activity.findViewById(R.id.photo);
        name = activity.findViewById(R.id.photo_name);
        label = activity.findViewById(R.id.photo_label);
        corner = activity.getResources().getDimension(R.dimen.corner_small);
        ViewGroup strip = activity.findViewById(R.id.photos);
        for (int i = 0; i < photos.size(); i++) {
            strip.addView(thumbnail(strip, i));
        }
        activity.findViewById(R.id.photo_card).setVisibility(photos.isEmpty() ? View.GONE : View.VISIBLE);
        if (!photos.isEmpty()) {
            show(0);
        }
    }

    /** The photo on show, or null when the app has none. */
    Catalog.Photo chosen() {
        return photos.isEmpty() ? null : photos.get(chosen);
    }

    void choose(Catalog.Photo photo) {
        show(photos.indexOf(photo));
    }

    private View thumbnail(ViewGroup strip, int index) throws IOException {
        Catalog.Photo photo = photos.get(index);
        Bitmap bitmap = Trial.decode(activity.getAssets(), photo);
        bitmaps.add(bitmap);
        ImageView view = (ImageView) LayoutInflater.from(activity).inflate(R.layout.thumbnail, strip, false);
        view.setImageDrawable(new RoundedPhoto(bitmap, corner));
        view.setContentDescription(activity.getString(R.string.choose_photo, photo.name));
        view.setOnClickListener(clicked -> show(index));
        thumbnails.add(view);
        return view;
    }

    private void show(int index) {
        chosen = index;
        Catalog.Photo photo = photos.get(index);
        large.setImageDrawable(new RoundedPhoto(bitmaps.get(index), corner));
        large.setContentDescription(activity.getString(R.string.photo_description, photo.name, photo.label));
        name.setText(photo.name);
        label.setText(photo.label);
        for (int i = 0; i < thumbnails.size(); i++) {
            thumbnails.get(i).setSelected(i == index);
            thumbnails.get(i).setAlpha(i == index ? 1f : 0.55f);
        }
    }
}
