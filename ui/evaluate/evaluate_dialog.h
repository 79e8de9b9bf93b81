#pragma once

#include <QDialog>

#include "precedent/workspace/evaluation_service.h"
#include "ui/evaluate/evaluation_reader.h"

class QCheckBox;
class QComboBox;
class QFormLayout;
class QHBoxLayout;
class QLabel;
class QLineEdit;
class QListWidget;
class QPushButton;
class QSpinBox;

namespace precedent::ui {

class CaseFields;

/// What to evaluate: models, suites, modes, how many requests, and who judges.
class EvaluateDialog final : public QDialog {
    Q_OBJECT
public:
    explicit EvaluateDialog(const EvaluationChoices& choices, QWidget* parent = nullptr);

    [[nodiscard]] workspace::EvaluationOrder order() const;

private:
    [[nodiscard]] QFormLayout* buildForm();
    void fill(const EvaluationChoices& choices);
    void addFolder();
    [[nodiscard]] QHBoxLayout* buildAttacks();
    [[nodiscard]] QLineEdit* serverField(const QString& name, const QString& accessible, const QString& placeholder);
    [[nodiscard]] qint64 requestsOf(const workspace::SuiteChoice& choice) const; ///< with those under attacks
    void check(); ///< how many answers it comes to, and whether it can start

    QListWidget* m_models;
    QListWidget* m_suites;
    QCheckBox* m_modes[3];
    CaseFields* m_cases;
    QSpinBox* m_limit;
    QComboBox* m_judge;
    QLineEdit* m_judgeServer; ///< MODEL@URL, of a judge that a server answers for
    QCheckBox* m_attacks[3]; ///< of the program's own
    QLineEdit* m_harmServer; ///< MODEL@URL; empty: nobody marks harm
    QComboBox* m_perplexity; ///< the model's name; empty: not measured
    QLabel* m_about;
    QPushButton* m_start = nullptr;
};

} // namespace precedent::ui
