package dev.tfliteharness;

import android.graphics.Bitmap;
import android.graphics.BitmapShader;
import android.graphics.Canvas;
import android.graphics.ColorFilter;
import android.graphics.Matrix;
import android.graphics.Paint;
import android.graphics.PixelFormat;
import android.graphics.Rect;
import android.graphics.Shader;
import android.graphics.drawable.Drawable;

/** A photo that fills its place, cut at the longer sides, with round corners. */
final class RoundedPhoto extends Drawable {
    private final Bitmap photo;
    private final float corner;
    private final Paint paint = new Paint(Paint.ANTI_ALIAS_FLAG | Paint.FILTER_BITMAP_FLAG);
    private final BitmapShader shader;

    RoundedPhoto(Bitmap photo, float corner) {
        this.photo = photo;
        this.corner = corner;
        shader = new BitmapShader(photo, Shader.TileMode.CLAMP, Shader.TileMode.CLAMP);
        paint.setShader(shader);
    }

    @Override
    protected void onBoundsChange(Rect bounds) {
        float scale =
                Math.max(
                        (float) bounds.width() / photo.getWidth(), (float) bounds.height() / photo.getHeight());
        Matrix matrix = new Matrix();
        matrix.setScale(scale, scale);
        matrix.postTranslate(
                bounds.exactCenterX() - scale * photo.getWidth() / 2,
                bounds.exactCenterY() - scale * photo.getHeight() / 2);
        shader.setLocalMatrix(matrix);
    }

    @Override
    public void draw(Canvas canvas) {
        Rect bounds = getBounds();
        canvas.drawRoundRect(bounds.left, bounds.top, bounds.right, bounds.bottom, corner, corner, paint);
    }

    @Override
    public void setAlpha(int alpha) {
        paint.setAlpha(alpha);
        invalidateSelf();
    }

    @Override
    public void setColorFilter(ColorFilter filter) {
        paint.setColorFilter(filter);
        invalidateSelf();
    }

    @Override
    public int getOpacity() {
        return PixelFormat.TRANSLUCENT;
    }
}
