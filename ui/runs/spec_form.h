#pragma once

#include <map>
#include <string>
#include <vector>

#include <QWidget>

#include "precedent/base/result.h"
#include "ui/runs/setting_group.h"

namespace precedent::ui {

/// Every setting of a run, in groups. It holds a spec as JSON: what a field writes goes through align::runSpecFromJson(), and what the
/// user did not touch stays what it was, to the last digit.
class SpecForm final : public QWidget {
    Q_OBJECT
public:
    explicit SpecForm(QWidget* parent = nullptr);

    /// Shows the spec; says nothing of it.
    void setSpec(const core::RunSpec& spec);
    /// What the fields come to. Fails as runSpecFromJson() does.
    [[nodiscard]] Result<core::RunSpec> spec() const;
    [[nodiscard]] SettingGroupView* group(const QString& id) const;
    [[nodiscard]] SettingRow* row(const QString& key) const; ///< null: there is none
    /// A row that is no key of a spec, at a place in a group.
    void addFixedRow(const QString& group, int at, const QString& title, const QString& key, QWidget* field, QWidget* note);
    void setModelChoices(const std::vector<std::pair<QString, QString>>& choices); ///< title and name
    /// Tells what is wrong beside the row that it is about (its key begins the message), or nowhere; empty: nothing is.
    void setProblem(const QString& problem);
    void follow(const core::RunSpec& spec); ///< what is of an effect, summaries and notes

Q_SIGNALS:
    void edited(); ///< by the user

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void write(const SettingRow* row, const Json& value);
    [[nodiscard]] Json valueOf(const QString& key) const;

    Json m_settings;
    std::vector<SettingGroupView*> m_groups;
    std::vector<std::pair<SettingRow*, SettingGroupView*>> m_rows;
};

} // namespace precedent::ui
