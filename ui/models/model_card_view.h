#pragma once

#include <vector>

#include "precedent/workspace/checkpoint_card.h"
#include "precedent/workspace/model_catalog.h"
#include "ui/shell/card.h"

class QAction;
class QPushButton;
class QToolButton;

namespace precedent::ui {

class CheckpointTable;
class CheckpointTableModel;
class FactLabel;
class LinkLabel;

/// One model on the page: what it is, and what runs made of it.
class ModelCardView final : public Card {
    Q_OBJECT
public:
    explicit ModelCardView(const workspace::ModelPlace& place, QWidget* parent = nullptr);

    /// What was read of it; until then only name and origin are shown.
    void setCard(const workspace::ModelCard& card);
    void setCheckpoints(std::vector<workspace::CheckpointCard> checkpoints);
    /// How far its weights are read; `share` from 0 to 1.
    void showChecking(double share);
    void showDigest(const QString& sha256); ///< empty: not known, and nobody is reading

    [[nodiscard]] const workspace::ModelCard& card() const { return m_card; }
    [[nodiscard]] QString name() const;
    [[nodiscard]] CheckpointTableModel& checkpoints() const { return *m_checkpoints; }
    [[nodiscard]] bool wasRead() const { return m_wasRead; }

    /// Whether a search for these words finds it: by its own words, or by those of what runs made of it.
    [[nodiscard]] bool matches(const QString& words) const;

    void select(const QString& choice); ///< its own name, a checkpoint's, or empty for nothing here
    void focusName();

Q_SIGNALS:
    /// The model itself (its name) or a checkpoint of it was chosen.
    void chosen(const QString& choice);
    void newRunWanted();
    void inspectWanted();
    void exportWanted(const QString& choice); ///< the model, or a checkpoint of the table
    void removeWanted();
    void checkWanted();
    void cancelCheckWanted();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void makeHead();
    void makeNone();
    void makeFacts();
    void showCard();

    workspace::ModelCard m_card;
    bool m_wasRead = false;
    bool m_selected = false;
    CheckpointTableModel* m_checkpoints;
    CheckpointTable* m_table;
    QWidget* m_head;
    QWidget* m_facts;
    QWidget* m_none; ///< in the table's place where there is nothing to list
    QToolButton* m_name;
    LinkLabel* m_checking; ///< how far its weights are read
    QPushButton* m_newRun;
    QAction* m_inspect;
    QAction* m_export;
    QLabel* m_problem;
    struct Facts {
        FactLabel* architecture;
        FactLabel* parameters;
        FactLabel* vocabulary;
        FactLabel* context;
        FactLabel* weights;
        FactLabel* licence;
        FactLabel* chatTemplate;
        LinkLabel* sha256;
    } m_fact{};
};

/// "Llama, 5 layers".
[[nodiscard]] QString architectureText(const workspace::ModelCard& card);
/// "bfloat16, 4.7 MB".
[[nodiscard]] QString weightsText(const workspace::ModelCard& card);
/// "ships with the program".
[[nodiscard]] QString originText(workspace::ModelOrigin origin);

} // namespace precedent::ui
