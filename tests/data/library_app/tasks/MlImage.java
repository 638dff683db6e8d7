package com.google.android.odml.image;

/** What the Task Library's classes mention and the library app never gives: another library's image, which isn't published here. */
public final class MlImage {}
