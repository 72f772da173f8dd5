"""The API's table, the part about practising."""

from typing import Final

from terminal.web import lessons, practice
from terminal.web.calls import Operation as Op
from terminal.web.shapes.counters import TrainingPlace
from terminal.web.shapes.form import Done
from terminal.web.shapes.lessons import ExamView, LessonView, NewAct, NewAnswer, NewExam, NewLesson, NewPlay

_EXAM: Final = ("exam_unknown", "exam_no_task")
TRAINING: Final = (
    Op(
        "POST",
        "/counters/{counter}/training",
        "begin_training",
        practice.begin,
        "This counter practises: no money moves, nothing enters the shop's journal. The answer says where.",
        TrainingPlace,
        status=201,
        problems=("counter_unknown", "sale_live", "training_unusable"),
    ),
    Op(
        "POST",
        "/counters/{counter}/training/end",
        "end_training",
        practice.end,
        "This counter sells again; what was being practised is cancelled.",
        Done,
        problems=("counter_unknown", "training_unusable"),
    ),
    Op(
        "GET",
        "/counters/{counter}/lesson",
        "read_lesson",
        lessons.read_lesson,
        "The lesson that is practised at this counter, in words; an empty one when there is none.",
        LessonView,
        problems=("not_found", "counter_unknown"),
    ),
    Op(
        "POST",
        "/counters/{counter}/lesson",
        "begin_lesson",
        lessons.begin_lesson,
        "Begin a lesson, or with `exam` the next task of the exam under way; the lesson before it is left.",
        LessonView,
        NewLesson,
        status=201,
        problems=("not_found", "counter_unknown", "training_off", "lesson_unknown", "lesson_needs_scan", *_EXAM),
    ),
    Op(
        "POST",
        "/counters/{counter}/lesson/acts",
        "act_in_lesson",
        lessons.act_in_lesson,
        "What the trainee did beside the till's keys: goods handed over or kept, a call ended; `leave` ends it.",
        LessonView,
        NewAct,
        problems=("not_found", "counter_unknown", "lesson_none", "lesson_act"),
    ),
    Op(
        "POST",
        "/counters/{counter}/lesson/plays",
        "play_in_lesson",
        lessons.play_in_lesson,
        "The trainer makes the simulated customer or bank do something at this counter.",
        LessonView,
        NewPlay,
        problems=("not_found", "not_allowed", "counter_unknown", "training_off"),
    ),
    Op(
        "POST",
        "/counters/{counter}/exam",
        "begin_exam",
        lessons.begin_exam,
        "An exam of this seed, or the one that was left half-way at this counter.",
        ExamView,
        NewExam,
        status=201,
        problems=("not_found", "counter_unknown", "training_off", "exam_seed"),
    ),
    Op(
        "POST",
        "/counters/{counter}/exam/answers",
        "answer_exam",
        lessons.answer_exam,
        "One answer, once; the last one ends the exam.",
        ExamView,
        NewAnswer,
        problems=("not_found", "counter_unknown", "exam_not_asked", "exam_answer", "exam_unknown"),
    ),
)
