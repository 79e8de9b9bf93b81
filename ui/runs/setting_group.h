#pragma once

#include <QAbstractButton>
#include <QWidget>

#include "ui/runs/setting_field.h"

class QLabel;
class QVBoxLayout;

namespace precedent::ui {

class IconLabel;

/// One setting: what it is called with its key, its field, and what it means or what is wrong with it.
class SettingRow final : public QWidget {
    Q_OBJECT
public:
    SettingRow(const Setting& setting, const Edited& edited, QWidget* parent);

    [[nodiscard]] const Setting& setting() const { return m_setting; }
    void show(const Json& value) { m_field.show(value); }
    using QWidget::show;
    void setNote(const QString& note); ///< in place of the setting's own
    void setWarning(const QString& warning); ///< in place of the note; empty: the note again
    void focusField();

private:
    void showNote();

    Setting m_setting;
    SettingField m_field;
    QString m_warning;
    IconLabel* m_alert;
    QLabel* m_note;
};

/// A row of the same measures with a field and a note of the caller's, which it takes.
[[nodiscard]] QWidget* fixedRow(const QString& title, const QString& key, QWidget* field, QWidget* note, QWidget* parent);

/// The line over a group: what it is, and, closed, what is set in it. Space or Enter opens and closes.
class GroupHead final : public QAbstractButton {
    Q_OBJECT
public:
    GroupHead(const QString& title, QWidget* parent);

    /// `side`: at the right of an open group.
    void setWords(const QString& beside, const QString& side, const QString& summary, bool troubled);
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    QString m_beside;
    QString m_side;
    QString m_summary;
    bool m_troubled = false;
};

/// Settings that belong together, under a line that opens and closes them.
class SettingGroupView final : public QWidget {
    Q_OBJECT
public:
    SettingGroupView(const SettingGroup& group, QWidget* parent);

    [[nodiscard]] const QString& id() const { return m_id; }
    [[nodiscard]] GroupHead* head() const { return m_head; }
    void add(SettingRow* row);
    void insert(int at, QWidget* row);
    void setOpen(bool open);
    /// Shows what is of an effect, and the summary.
    void follow(const core::RunSpec& spec);
    /// A problem in here is told on the closed line as well; empty: there is none.
    void setProblem(const QString& problem);

private:
    void showHead();

    QString m_id;
    QString m_summary;
    QString m_side;
    QString m_problem;
    GroupHead* m_head;
    QWidget* m_body;
    QVBoxLayout* m_layout;
    QLabel* m_nothing;
    std::vector<SettingRow*> m_rows;
};

} // namespace precedent::ui
