import type admin from './en/admin.json';
import type attempt from './en/attempt.json';
import type board from './en/board.json';
import type camera from './en/camera.json';
import type common from './en/common.json';
import type report from './en/report.json';
import type reviews from './en/reviews.json';
import type staff from './en/staff.json';
import type student from './en/student.json';
import type ui from './en/ui.json';

/** English says which words there are: a key that it lacks does not compile. */
declare module 'use-intl' {
  interface AppConfig {
    Messages: {
      admin: typeof admin;
      attempt: typeof attempt;
      board: typeof board;
      camera: typeof camera;
      common: typeof common;
      report: typeof report;
      reviews: typeof reviews;
      staff: typeof staff;
      student: typeof student;
      ui: typeof ui;
    };
  }
}
